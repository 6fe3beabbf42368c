package policy

import (
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"winnow/internal/checkpoint/tokenizer"
)

// letters is a tokenizer whose tokens are bytes.
type letters struct {
	tokenizer.Tokenizer
	bos int
}

func (l letters) BOS() int { return l.bos }
func (l letters) Encode(text string, _ bool) []int {
	var out []int
	for _, b := range []byte(text) {
		out = append(out, int(b))
	}
	return out
}

func TestPrompt(t *testing.T) {
	const want = "In: What action should the robot take to pick up the red cube?\nOut:"
	if got := Prompt("Pick up the RED cube"); got != want {
		t.Errorf("the prompt is %q", got)
	}
	p := &Policy{}
	if _, err := p.Encode("x"); err == nil || !strings.Contains(err.Error(), "tokenizer.json") {
		t.Errorf("error %v", err)
	}
	p.Tokenizer = letters{bos: 1}
	p.Config.Language.Vocabulary = 32064
	ids, err := p.Encode("Go")
	if err != nil || ids[0] != 1 || ids[len(ids)-1] != emptyToken || len(ids) != len(Prompt("go"))+2 {
		t.Errorf("the ids are %v (%v)", ids, err)
	}
	p.Config.Language.Vocabulary = 300 // a small vocabulary has no such token
	if ids, err = p.Encode("Go"); err != nil || ids[len(ids)-1] != ':' {
		t.Errorf("the ids are %v (%v)", ids, err)
	}
}

// TestPrepareLooksAtTheMiddle: a ramp keeps its middle, its ends are cut by 5 % of the area's root,
// and turning it turns it.
func TestPrepareLooksAtTheMiddle(t *testing.T) {
	c := seven()
	side := c.Vision[0].Side()
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			img.SetRGBA(x, y, color.RGBA{uint8(x), 77, uint8(y), 255})
		}
	}
	b, err := c.Prepare(img, false)
	if err != nil {
		t.Fatal(err)
	}
	at := func(ch, x, y int) int { return int(b.Pix[(ch*side+y)*side+x]) }
	// From (1−√0.9)/2·223 = 5.72 to 217.28, times 255.5/255 and cut.
	for _, w := range [][4]int{{0, 0, 9, 5}, {0, side - 1, 9, 217}, {0, 112, 9, 112}, {2, 9, 0, 5}, {2, 9, side - 1, 217}, {1, 50, 60, 77}} {
		if got := at(w[0], w[1], w[2]); got != w[3] {
			t.Errorf("channel %d at %d, %d is %d, want %d", w[0], w[1], w[2], got, w[3])
		}
	}
	turned, err := c.Prepare(img, true)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < side*side; i += 997 {
		if d := int(turned.Pix[i]) - int(b.Pix[side*side-1-i]); d < -1 || d > 1 {
			t.Errorf("turned by 180 degrees pixel %d is off by %d", i, d)
		}
	}
	if slices.Equal(turned.Pix, b.Pix) {
		t.Error("turning changes nothing")
	}
	if _, err := c.Prepare(image.NewRGBA(image.Rectangle{}), false); err == nil {
		t.Error("an empty picture is taken")
	}
}
