package pixart

import (
	"fmt"
	"slices"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
)

// maxPrograms bounds the compiled evaluations of a session: one of all tokens, the same with a
// store, and the latest numbers of kept tokens.
const maxPrograms = 6

// Session draws pictures of one size, one after another. Graphs are compiled at their first use
// and kept over steps and pictures.
type Session struct {
	model *Model
	size  geometry
	state state

	text textProgram
	// steps are the compiled evaluations, the latest used last.
	steps []*stepProgram

	// Of the present picture, set by Begin: the text mask (nil: all open), and sinusoids.
	mask, resolution, aspect []float32
	begun                    bool
	// filled: every row of the cache belongs to the present picture.
	filled bool

	// plainScores and watch are the builder's, for tests.
	plainScores int
	watch       bool
}

// NewSession reserves what a picture of a size needs on the device, but for the cache.
func (m *Model) NewSession(size Size) (*Session, error) {
	z, err := m.Config.geometry(size)
	if err != nil {
		return nil, err
	}
	s := &Session{model: m, size: z, plainScores: plainScores(m.backend)}
	if err := s.reserve(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Session) reserve() error {
	table, err := s.model.table(s.size.rows(), s.size.cols())
	if err != nil {
		return err
	}
	data, err := checkpoint.Quantize(checkpoint.F32, table)
	if err != nil {
		return err
	}
	shapes := s.model.shapes(s.size)
	if s.state.positions, err = s.model.backend.Weight("positions", compute.F32, shapes.positions.Shape(), data, compute.UseAny); err != nil {
		return err
	}
	for _, a := range shapes.text {
		kv, err := s.model.backend.State(a.Name(), compute.F32, a.Shape())
		if err != nil {
			return err
		}
		s.state.text = append(s.state.text, kv)
	}
	return nil
}

// Size of the session's pictures.
func (s *Session) Size() Size { return s.size.Size }

// Tokens of one latent.
func (s *Session) Tokens() int { return s.size.Tokens() }

// Filled reports whether an evaluation of some tokens only is possible now.
func (s *Session) Filled() bool { return s.filled }

// Forget empties the cache: another drawing of the same prompt begins.
func (s *Session) Forget() { s.filled = false }

func (s *Session) builder() *builder {
	b := s.model.builder(s.size)
	b.plainScores = s.plainScores
	if s.watch {
		b.watched = map[string]*compute.Tensor{}
	}
	return b
}

// program finds or compiles an evaluation.
func (s *Session) program(key stepKey) (*stepProgram, error) {
	if i := slices.IndexFunc(s.steps, func(p *stepProgram) bool { return p.key == key }); i >= 0 {
		p := s.steps[i]
		s.steps = append(slices.Delete(s.steps, i, i+1), p)
		return p, nil
	}
	if key.store && s.state.cache == nil {
		shape := s.model.shapes(s.size).cache
		var err error
		if s.state.cache, err = s.model.backend.State(shape.Name(), compute.F32, shape.Shape()); err != nil {
			return nil, err
		}
	}
	if len(s.steps) == maxPrograms {
		s.evict()
	}
	b := s.builder()
	p := b.step(key, s.state)
	var err error
	if p.program, err = s.model.backend.Compile(b.g); err != nil {
		return nil, fmt.Errorf("an evaluation of %d tokens: %w", key.kept, err)
	}
	s.steps = append(s.steps, p)
	return p, nil
}

// evict frees the evaluation that was not used for longest, of some tokens if there is one: an
// evaluation of all tokens comes back.
func (s *Session) evict() {
	i := max(slices.IndexFunc(s.steps, func(p *stepProgram) bool { return p.key.some }), 0)
	s.steps[i].program.Free()
	s.steps = slices.Delete(s.steps, i, i+1)
}

// Close frees graphs and arrays.
func (s *Session) Close() {
	for _, p := range s.steps {
		p.program.Free()
	}
	s.steps = nil
	if s.text.program != nil {
		s.text.program.Free()
		s.text.program = nil
	}
	for _, a := range append([]compute.Array{s.state.positions, s.state.cache}, s.state.text...) {
		if a != nil {
			a.Free()
		}
	}
	s.state, s.begun, s.filled = state{}, false, false
}
