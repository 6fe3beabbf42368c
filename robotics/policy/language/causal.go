package language

import (
	"context"
	"fmt"
	"slices"

	"winnow/internal/compute"
)

// Causal is a pass over a prompt and then over one token after the other, with a KV cache, as in
// OpenVLA. Keys and values are float32, so a token sees what a pass over all rows would show it. Its
// graphs are compiled once. It is not safe for concurrent use.
type Causal struct {
	d            *Decoder
	frame        Frame           // of the prompt
	keys, values []compute.Array // of each layer [width, rows and tokens]
	steps        []*step         // first the prompt's, then that of each token
}

// step is a compiled pass over some rows, of which the last one says what follows.
type step struct {
	*layout
	program   compute.Program
	x, logits *compute.Tensor
	cost      compute.Cost
}

// Said is what a pass says of the token that follows.
type Said struct {
	Logits []float32 // [vocabulary]
	Cost   compute.Cost
}

// NewCausal readies a decoder that has a head for prompts of the frame's rows, none of them actions,
// and so many tokens after them.
func (d *Decoder) NewCausal(f Frame, tokens int) (*Causal, error) {
	switch {
	case d.head.Weight == nil:
		return nil, fmt.Errorf("the language model has no %s, so it says no tokens", HeadName)
	case f.Actions != 0 || f.Pad != 0 || f.Bidirectional || f.Visual < 1 || f.Rows < f.Visual+2 || tokens < 1:
		return nil, fmt.Errorf("%d rows with %d visual ones, %d of actions and %d of padding are no prompt that %d tokens could follow", f.Rows, f.Visual, f.Actions, f.Pad, tokens)
	}
	s := &Causal{d: d, frame: f, steps: make([]*step, tokens)}
	c := d.Config
	for l := range c.Layers {
		for _, kind := range []struct {
			name string
			of   *[]compute.Array
		}{{"keys", &s.keys}, {"values", &s.values}} {
			// The last token is said and never read.
			a, err := d.backend.State(fmt.Sprintf("%s of layer %d", kind.name, l), compute.F32, compute.Dims(c.KVHeads*c.HeadDim(), f.Rows+tokens-1))
			if err != nil {
				s.Close()
				return nil, err
			}
			*kind.of = append(*kind.of, a)
		}
	}
	return s, nil
}

// Frame is the prompt's layout.
func (s *Causal) Frame() Frame { return s.frame }

// Close frees everything.
func (s *Causal) Close() {
	for _, t := range s.steps {
		if t != nil {
			t.program.Free()
		}
	}
	for _, a := range slices.Concat(s.keys, s.values) {
		a.Free()
	}
	s.steps, s.keys, s.values = nil, nil, nil
}

// Begin reads the prompt, rows before the first layer [rows × hidden].
func (s *Causal) Begin(ctx context.Context, x []float32) (Said, error) { return s.run(ctx, 0, x) }

// Next reads the i-th token after the prompt, i from 1 on, after those before it.
func (s *Causal) Next(ctx context.Context, i, token int) (Said, error) {
	x, err := s.d.Words([]int{token})
	if err != nil {
		return Said{}, err
	}
	return s.run(ctx, i, x)
}

func (s *Causal) run(ctx context.Context, i int, x []float32) (Said, error) {
	t, err := s.step(i)
	if err != nil {
		return Said{}, err
	}
	if len(x) != t.x.Shape.Elements() {
		return Said{}, fmt.Errorf("%d numbers do not fill %d rows of %d", len(x), t.x.Shape[1], t.x.Shape[0])
	}
	in := []compute.Binding{compute.In(t.x, x)}
	if i == 0 {
		in = append(in, t.bind(s.frame, nil)...)
	} else { // a single row, which sees all before it
		in = append(in, compute.In(t.positions, []int32{int32(s.frame.Rows + i - 1)}))
	}
	if err := t.program.Run(ctx, in...); err != nil {
		return Said{}, err
	}
	out := Said{make([]float32, s.d.Config.Vocabulary), t.cost}
	return out, t.program.ReadFloats(t.logits, out.Logits)
}

// step compiles what is not yet: of each token its own, since it sees one row more.
func (s *Causal) step(i int) (*step, error) {
	if i < 0 || i >= len(s.steps) {
		return nil, fmt.Errorf("token %d does not fit behind the prompt, which has room for %d", i, len(s.steps)-1)
	}
	if s.steps[i] != nil {
		return s.steps[i], nil
	}
	g := compute.NewGraph()
	t := s.build(g, i)
	t.cost = g.Cost()
	var err error
	if t.program, err = s.d.backend.Compile(g); err != nil {
		return nil, err
	}
	s.steps[i] = t
	return t, nil
}

func (s *Causal) build(g *compute.Graph, i int) *step {
	b := &builder{g: g, d: s.d, f: s.frame}
	var t *step
	if c := s.d.Config; i == 0 {
		t = &step{layout: b.newLayout(s.frame.Rows), x: g.Input("rows", compute.F32, c.Hidden, s.frame.Rows)}
	} else {
		t = &step{layout: &layout{positions: g.Input("position", compute.I32, 1)}, x: g.Input("row", compute.F32, c.Hidden, 1)}
	}
	at, known := t.positions, s.frame.Rows+i
	layer := 0
	b.cache = func(k, v *compute.Tensor) (*compute.Tensor, *compute.Tensor) {
		k2 := g.SetRows(g.Leaf(s.keys[layer]), k, at)
		v2 := g.SetRows(g.Leaf(s.values[layer]), v, at)
		if i == 0 { // the prompt's rows see no others
			g.Output(k2)
			g.Output(v2)
			return k, v
		}
		return g.Slice(k2, 1, 0, known), g.Slice(v2, 1, 0, known)
	}
	x := t.x
	for layer = range s.d.layers {
		x = b.layer(&s.d.layers[layer], x, t.layout, nil)
	}
	if i == 0 {
		x = g.Cont(g.Slice(x, 1, s.frame.Rows-1, 1))
	}
	t.logits = g.Output(s.d.head.Apply(g, b.normed(x, s.d.norm)))
	return t
}
