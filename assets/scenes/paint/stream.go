package main

import (
	"encoding/binary"
	"encoding/json"
	"io"

	"winnow/assets/scenes"
)

// Header is the JSON before a record's pixels. Labels index the lists in scenes: Nouns, Colours
// and the nine places.
type Header struct {
	Seed       uint64            `json:"seed"`
	Size       int               `json:"size"`
	Theme      string            `json:"theme"`
	Background string            `json:"background"`
	Objects    []scenes.Object   `json:"objects"`
	Caption    scenes.Question   `json:"caption"`
	Questions  []scenes.Question `json:"questions"`
	Labels     scenes.Labels     `json:"labels"`
}

type record struct {
	data []byte
	err  error
}

// writeStream writes count records (0: without end) in the order of their seeds.
func writeStream(w io.Writer, g *scenes.Generator, seed, count uint64, workers int, o scenes.Options) error {
	stop := make(chan struct{})
	defer close(stop)
	lanes := make([]chan record, workers)
	for k := range lanes {
		lanes[k] = make(chan record, 4)
		go func() {
			defer close(lanes[k])
			for i := uint64(k); count == 0 || i < count; i += uint64(workers) {
				data, err := encode(g, seed+i, o)
				select {
				case lanes[k] <- record{data, err}:
				case <-stop:
					return
				}
			}
		}()
	}
	for i := uint64(0); count == 0 || i < count; i++ {
		r := <-lanes[i%uint64(workers)]
		if r.err != nil {
			return r.err
		}
		if _, err := w.Write(r.data); err != nil {
			return err
		}
	}
	return nil
}

func encode(g *scenes.Generator, seed uint64, o scenes.Options) ([]byte, error) {
	s, err := g.Make(seed, o)
	if err != nil {
		return nil, err
	}
	size := s.Image.Rect.Dx()
	head, err := json.Marshal(Header{Seed: seed, Size: size, Theme: s.Theme, Background: s.Background,
		Objects: s.Objects, Caption: s.Caption, Questions: s.Questions, Labels: s.Labels})
	if err != nil {
		return nil, err
	}
	data := make([]byte, 4, 4+len(head)+3*size*size)
	binary.LittleEndian.PutUint32(data, uint32(len(head)))
	data = append(data, head...)
	for i := 0; i < len(s.Image.Pix); i += 4 {
		data = append(data, s.Image.Pix[i:i+3]...)
	}
	return data, nil
}
