package pixart

import (
	"context"
	"fmt"

	"winnow/internal/compute"
)

// Prompt is what one picture is drawn from, an entry for every latent of the batch.
type Prompt struct {
	// Text rows [rows × caption width], padding included.
	Text [][]float32
	// Mask says which text rows are attended to. nil, or a nil entry: all of them.
	Mask [][]bool
	// Resolution is height and width of the picture in pixels, Aspect height / width: for networks
	// that are Conditioned.
	Resolution [][2]float64
	Aspect     []float64
}

// closed is what diffusers adds to the score of a masked text row. Here it is scaled with the
// scores: still far below where exp is zero.
const closed = -10000

// textProgram turns text rows into every block's keys and values. They depend on nothing else, so
// a picture computes them once, not once a step.
type textProgram struct {
	program compute.Program
	in      *compute.Tensor // [caption, rows·batch]
	index   *compute.Tensor // all rows of the arrays
	watched map[string]*compute.Tensor
}

// text builds the graph; arrays are [2·width, rows·batch], one a block.
func (b *builder) text(arrays []compute.Array) textProgram {
	g, c := b.g, b.m.Config
	n := b.size.Text * b.size.Batch
	p := textProgram{in: g.Input("text", compute.F32, c.Caption, n), index: g.Input("text rows", compute.I32, n), watched: b.watched}
	x := p.in
	if c.Projected {
		x = b.m.caption[1].Apply(g, b.gelu(b.m.caption[0].Apply(g, x)))
		b.see(x, "caption_projection")
	}
	for i, a := range arrays {
		g.SetRows(g.Leaf(a), b.m.blocks[i].textKV.Apply(g, x), p.index)
	}
	return p
}

// Begin starts a picture: it forgets the one before, its cache included, and computes what the
// text is to every block.
func (s *Session) Begin(ctx context.Context, p Prompt) error {
	s.begun, s.filled = false, false
	if err := s.take(p); err != nil {
		return err
	}
	if s.text.program == nil {
		b := s.builder()
		text := b.text(s.state.text)
		var err error
		if text.program, err = s.model.backend.Compile(b.g); err != nil {
			return err
		}
		s.text = text
	}
	var rows []float32
	for _, t := range p.Text {
		rows = append(rows, t...)
	}
	n := s.size.Text * s.size.Batch
	index := make([]int32, n)
	for i := range index {
		index[i] = int32(i)
	}
	if err := s.text.program.Run(ctx, compute.In(s.text.in, rows), compute.In(s.text.index, index)); err != nil {
		return err
	}
	s.begun = true
	return nil
}

// take checks a prompt and keeps its conditions as the graphs want them.
func (s *Session) take(p Prompt) error {
	n, c := s.size.Batch, s.model.Config
	if len(p.Text) != n {
		return fmt.Errorf("the prompt has text for %d latents, the batch is %d", len(p.Text), n)
	}
	for _, t := range p.Text {
		if len(t) != s.size.Text*c.Caption {
			return fmt.Errorf("the text has %d numbers; %d rows of %d, which the network takes, are %d", len(t), s.size.Text, c.Caption, s.size.Text*c.Caption)
		}
	}
	if p.Mask != nil && len(p.Mask) != n {
		return fmt.Errorf("the prompt has masks for %d latents, the batch is %d", len(p.Mask), n)
	}
	s.mask = nil
	for b, m := range p.Mask {
		if m != nil && len(m) != s.size.Text {
			return fmt.Errorf("the mask has %d entries for %d text rows", len(m), s.size.Text)
		}
		for i, open := range m {
			if !open {
				if s.mask == nil {
					s.mask = make([]float32, n*s.size.Text)
				}
				s.mask[b*s.size.Text+i] = closed
			}
		}
	}
	s.resolution, s.aspect = nil, nil
	if !c.Conditioned {
		return nil
	}
	if len(p.Resolution) != n || len(p.Aspect) != n {
		return fmt.Errorf("the network asks for the picture's resolution and aspect ratio; they were given for %d and %d of %d latents", len(p.Resolution), len(p.Aspect), n)
	}
	var sides []float64
	for _, r := range p.Resolution {
		sides = append(sides, r[0], r[1])
	}
	s.resolution, s.aspect = sinusoidsOf(sides), sinusoidsOf(p.Aspect)
	return nil
}
