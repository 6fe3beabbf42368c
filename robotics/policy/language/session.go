package language

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"winnow/internal/compute"
)

// Session is the memory of passes over sequences of one layout; its graphs are compiled once. It is
// not safe for concurrent use.
type Session struct {
	d      *Decoder
	frame  Frame
	hidden compute.Array
	parts  map[string]*segment
}

// NewSession readies the decoder for a layout.
func (d *Decoder) NewSession(f Frame) (*Session, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	hidden, err := d.backend.State("rows of the policy", compute.F32, compute.Dims(d.Config.Hidden, f.Rows))
	if err != nil {
		return nil, err
	}
	return &Session{d, f, hidden, map[string]*segment{}}, nil
}

// Frame is the session's layout.
func (s *Session) Frame() Frame { return s.frame }

// Close frees everything.
func (s *Session) Close() {
	for _, p := range s.parts {
		p.program.Free()
	}
	s.parts = nil
	s.hidden.Free()
}

// Begin sets the rows before the first layer, [rows × hidden].
func (s *Session) Begin(x []float32) error {
	if len(x) != s.frame.Rows*s.d.Config.Hidden {
		return fmt.Errorf("%d numbers do not fill %d rows of %d", len(x), s.frame.Rows, s.d.Config.Hidden)
	}
	b := make([]byte, 4*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
	}
	return s.hidden.Write(0, b)
}

// Hidden reads the rows as they are now, [rows × hidden].
func (s *Session) Hidden() ([]float32, error) {
	b := make([]byte, 4*s.frame.Rows*s.d.Config.Hidden)
	if err := s.hidden.Read(0, b); err != nil {
		return nil, err
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out, nil
}

// Outcome is what a plan gives.
type Outcome struct {
	// Probability of every row, where the plan ends at a router.
	Probability []float32
	// States [states × hidden], where the plan is final.
	States []float32
	Cost   compute.Cost
}

// Run computes a plan; the rows stay on the device for the next.
func (s *Session) Run(ctx context.Context, p Plan) (Outcome, error) {
	if err := p.check(s.d.Config, s.frame); err != nil {
		return Outcome{}, err
	}
	part, err := s.part(p)
	if err != nil {
		return Outcome{}, err
	}
	if err := part.program.Run(ctx, s.inputs(part, p)...); err != nil {
		return Outcome{}, err
	}
	out := Outcome{Cost: part.cost}
	read := func(t *compute.Tensor) []float32 {
		if t == nil || err != nil {
			return nil
		}
		v := make([]float32, t.Shape.Elements())
		err = part.program.ReadFloats(t, v)
		return v
	}
	out.Probability, out.States = read(part.prob), read(part.states)
	return out, err
}

func (s *Session) part(p Plan) (*segment, error) {
	key := p.key()
	if part, ok := s.parts[key]; ok {
		return part, nil
	}
	g := compute.NewGraph()
	part := s.d.build(g, s.frame, p, s.hidden)
	var err error
	if part.program, err = s.d.backend.Compile(g); err != nil {
		return nil, err
	}
	s.parts[key] = part
	return part, nil
}

func (s *Session) inputs(part *segment, p Plan) []compute.Binding {
	var in []compute.Binding
	if part.all != nil {
		in = append(in, compute.In(part.all, narrow(s.frame.all())))
	}
	for i, at := range part.layouts {
		var kept []int
		if i >= 0 {
			kept = p.kept(s.frame, i)
		}
		in = append(in, at.bind(s.frame, kept)...)
	}
	if part.known != nil {
		known := p.Known
		if kept := p.kept(s.frame, 0); kept != nil {
			known = make([]float32, len(kept))
			for i, row := range kept {
				known[i] = p.Known[row]
			}
		}
		in = append(in, compute.In(part.known, known))
	}
	return in
}

func narrow(v []int) []int32 {
	out := make([]int32, len(v))
	for i, x := range v {
		out[i] = int32(x)
	}
	return out
}
