package demos

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"math"
)

// Header is the JSON before a record's bytes.
type Header struct {
	Suite       string `json:"suite"`
	Task        string `json:"task"`
	Instruction string `json:"instruction"`
	Seed        uint64 `json:"seed"`
	// Size is a picture's side in pixels; Cameras say which there are in each row.
	Size    int      `json:"size"`
	Cameras []string `json:"cameras"`
	// Steps is the number of actions; pictures are of steps 0, Every, 2·Every …
	Steps int `json:"steps"`
	Every int `json:"every"`
	// Proprio, Action and State are how many numbers a step has of each.
	Proprio int `json:"proprio"`
	Action  int `json:"action"`
	State   int `json:"state"`
	// JPEG is the length of the sheet in bytes; 0: raw pixels.
	JPEG int `json:"jpeg"`
}

// Seen is the number of steps that have pictures.
func (h Header) Seen() int { return (h.Steps + h.Every - 1) / h.Every }

// Demo is an episode in which an expert succeeded.
type Demo struct {
	Header
	// Pixels are seen × cameras × size × size × RGB.
	Pixels []byte
	// Numbers of all steps, one after the other. Actions are clipped to −1 … 1, as the
	// environments clip them.
	Proprios, Actions, States []float32
}

// Encode writes the record; quality 1 … 100 makes a JPEG sheet of the pictures, 0 leaves them raw.
func (d *Demo) Encode(quality int) ([]byte, error) {
	h, pictures := d.Header, d.Pixels
	if quality > 0 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, d.sheet(), &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("the pictures of %s/%s, seed %d, do not become a JPEG: %w", h.Suite, h.Task, h.Seed, err)
		}
		pictures, h.JPEG = b.Bytes(), b.Len()
	}
	head, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	numbers := [][]float32{d.Proprios, d.Actions, d.States}
	out := make([]byte, 0, 4+len(head)+len(pictures)+4*h.Steps*(h.Proprio+h.Action+h.State))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(head)))
	out = append(append(out, head...), pictures...)
	for _, list := range numbers {
		for _, v := range list {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out, nil
}

// sheet lays the pictures out: a row a step, a column a camera.
func (d *Demo) sheet() *image.RGBA {
	side, cameras := d.Size, len(d.Cameras)
	img := image.NewRGBA(image.Rect(0, 0, side*cameras, side*d.Seen()))
	for i := range d.Seen() * cameras {
		left, top := i%cameras*side, i/cameras*side
		for y := range side {
			from := d.Pixels[3*side*(side*i+y):]
			to := img.Pix[img.PixOffset(left, top+y):]
			for x := range side {
				copy(to[4*x:], from[3*x:3*x+3])
				to[4*x+3] = 255
			}
		}
	}
	return img
}
