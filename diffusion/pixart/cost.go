package pixart

import (
	"errors"
	"fmt"

	"winnow/internal/compute"
)

// Cost counts one evaluation of a batch, with kept of every latent's tokens computed; kept = 0
// means all. The text's share is TextCost's.
func (m *Model) Cost(size Size, kept int) (compute.Cost, error) {
	z, err := m.Config.geometry(size)
	if err != nil {
		return compute.Cost{}, err
	}
	key := stepKey{kept: kept, some: kept != 0, store: kept != 0}
	if kept == 0 {
		key.kept = z.Tokens()
	}
	if key.kept < 0 || key.kept > z.Tokens() {
		return compute.Cost{}, fmt.Errorf("%d of %d tokens cannot be kept", kept, z.Tokens())
	}
	b := m.builder(z)
	p := b.step(key, m.shapes(z))
	return p.cost, b.g.Err()
}

// TextCost counts what Begin computes, once a picture.
func (m *Model) TextCost(size Size) (compute.Cost, error) {
	z, err := m.Config.geometry(size)
	if err != nil {
		return compute.Cost{}, err
	}
	b := m.builder(z)
	b.text(m.shapes(z).text)
	return b.g.Cost(), b.g.Err()
}

// Memory is in bytes.
type Memory struct {
	Weights int64 `json:"weights"`
	// State is what a session keeps between evaluations: text, positions and the cache.
	State int64 `json:"state"`
	// Working is what an evaluation of all tokens needs beside.
	Working int64 `json:"working"`
}

// Total is the sum.
func (m Memory) Total() int64 { return m.Weights + m.State + m.Working }

// Memory estimates what pictures of a size take before anything is reserved. Working counts the
// largest moment of a block, its attention scores or its feed-forward, beside the rows that wait.
func (m *Model) Memory(size Size) (Memory, error) {
	z, err := m.Config.geometry(size)
	if err != nil {
		return Memory{}, err
	}
	c := m.Config
	out := Memory{Weights: m.Set.Bytes}
	st := m.shapes(z)
	for _, a := range append([]compute.Array{st.positions, st.cache}, st.text...) {
		out.State += 4 * int64(a.Shape().Elements())
	}
	n, b, w := int64(z.Tokens()), int64(z.Batch), int64(c.Width())
	self := int64(c.Heads) * n * n
	if 4*self > int64(plainScores(m.backend)) {
		self = 0
	}
	scores := 2 * b * max(self, int64(c.Heads)*n*int64(z.Text))
	out.Working = 4 * (max(scores, 8*n*b*w) + 6*n*b*w)
	return out, nil
}

// shapes is a state without memory: enough to build a graph and count it.
func (m *Model) shapes(z geometry) state {
	w := m.Config.Width()
	st := state{
		positions: shaped{"positions", compute.Dims(w, z.Tokens())},
		cache:     shaped{"cache of the last block", compute.Dims(w, z.Tokens()*z.Batch)},
	}
	for i := range m.blocks {
		st.text = append(st.text, shaped{fmt.Sprintf("text of block %d", i), compute.Dims(2*w, z.Text*z.Batch)})
	}
	return st
}

// shaped is an F32 array that is nowhere.
type shaped struct {
	name  string
	shape compute.Shape
}

var errNowhere = errors.New("this array only has a shape")

func (a shaped) Name() string            { return a.name }
func (a shaped) Type() compute.Type      { return compute.F32 }
func (a shaped) Shape() compute.Shape    { return a.shape }
func (a shaped) Bytes() int              { return 0 }
func (a shaped) Write(int, []byte) error { return errNowhere }
func (a shaped) Read(int, []byte) error  { return errNowhere }
func (a shaped) Free()                   {}
