package vlm

import (
	"context"
	"fmt"

	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm/llama"
)

// keyTile is the number of keys that ggml's fused attention takes at a time.
const keyTile = 64

// padKeys: one decode graph serves this many steps.
const padKeys = 256

// passing is the state of a prefill between segments.
type passing struct {
	rows      []int   // sequence indices of the rows that go on
	positions []int32 // their rotary positions
	inStream  []int32 // where they lie in the device's stream; nil: one after the other
	// attending lists the rows that take part in the attention that the next segment begins in;
	// nil means all.
	attending []int32
	// after is what follows that attention.
	after []func() error
	// costs are those of layers whose end is still to come.
	costs map[int]compute.Cost
}

// Prefill computes a prompt, with methods deciding on the way, up to the logits of its last
// row. Methods need an empty session; later turns of a conversation are dense. A nil emit means
// that nobody listens.
func (s *Session) Prefill(ctx context.Context, p *Prompt, methods []pruning.Stacked, seed uint64, side string, emit func(trace.Event)) error {
	if len(methods) > 0 && s.length > 0 {
		return fmt.Errorf("pruning methods act on the first question; start a new conversation")
	}
	c, err := s.setOut(methods)
	if err != nil {
		return err
	}
	model := s.m.Decoder.Config
	base := s.length
	if base+len(p.Tokens) > model.Context {
		return fmt.Errorf("the conversation has %d tokens with this question, the model takes %d; start a new one", base+len(p.Tokens), model.Context)
	}
	if len(p.Tokens) > s.stream.Rows() {
		s.dropSteps()
		s.forget()
		if err := s.stream.Reserve(s.m.Decoder, len(p.Tokens)); err != nil {
			return err
		}
	}
	x, err := s.m.embed(p, p.Tokens)
	if err != nil {
		return err
	}
	at := passing{rows: make([]int, len(p.Tokens)), positions: make([]int32, len(p.Tokens)), costs: map[int]compute.Cost{}}
	for i := range p.Tokens {
		at.rows[i], at.positions[i] = base+i, int32(base+i)
	}
	s.rows = append(s.rows, p.Tokens...)
	s.length = base + len(p.Tokens)
	s.keptByLayer = make([]int, model.Layers)
	s.streak(len(methods) == 0) // who decides nothing needs no core between the graphs
	s.dropSteps()

	s.run = &applier{s: s, methods: methods, memory: make([]any, len(methods)), seed: seed, side: side, emit: emit, numbers: maxNumbers}
	if x, err = s.run.beforeFirst(c, x, &at); err != nil {
		return err
	}
	for from := llama.Before(0); from < llama.Before(model.Layers); {
		to := s.prefillEnd(c, from, len(at.rows))
		if err := s.segment(ctx, c, from, to, x, &at); err != nil {
			return err
		}
		from, x = to, nil
	}
	if err := s.trim(0, model.Layers); err != nil {
		return err
	}
	return s.run.onLogits()
}

// setOut plans the course of a run's methods. A later turn, which brings none, keeps what the
// first one decided about the cache and decides nothing more.
func (s *Session) setOut(methods []pruning.Stacked) (course, error) {
	c, err := s.m.course(methods)
	if err != nil {
		return course{}, err
	}
	s.course, s.chosen, s.lens = c, 0, map[pruning.Probe]pruning.Matrix{}
	return c, nil
}

// segment computes what lies between two points and lets the methods decide.
func (s *Session) segment(ctx context.Context, c course, from, to llama.Point, x []float32, at *passing) error {
	layers := s.m.Decoder.Config.Layers
	plan := llama.Plan{From: from, To: to, Rows: len(at.rows), FromStream: x == nil, Cache: s.cache, Attending: len(at.attending),
		Probes: c.probes(pruning.Prefill, from, to, 0)}
	if to == llama.Before(layers) {
		plan.Logits = 1
	}
	if s.cache.Type() == compute.F32 { // sums in llama.cpp's order: its logits bit for bit
		plan.PadKeys = padKeys
	} else { // ggml's fast prefill attention takes whole tiles of keys only
		plan.PadKeys = keyTile
	}
	first, behind := plan.Caching()
	if err := s.reserve(first, behind, len(at.rows)+1); err != nil {
		return err
	}
	before := s.cache.Append(first, behind, at.rows, at.positions[len(at.positions)-1])
	seg, err := s.build(plan)
	if err != nil {
		s.cache.Restore(first, before)
		return err
	}
	arrays := s.arrays
	defer func() {
		if s.arrays == arrays {
			s.release(seg)
		} else {
			seg.Free() // it was built on arrays that are gone
		}
	}()
	in := llama.Inputs{X: x, Kept: at.inStream, Positions: at.positions, Attending: at.attending, Visual: s.visual}
	if err := seg.Run(ctx, in); err != nil {
		s.cache.Restore(first, before)
		return err
	}
	s.told(c, from, to, seg, at)
	if plan.Logits > 0 {
		s.prefill = s.prefill.Add(seg.HeadCost)
		if err := seg.Logits(s.logits); err != nil {
			return err
		}
	}
	if err := s.run.keepLens(c, plan.Probes, seg); err != nil {
		return err
	}
	for _, do := range at.after {
		if err := do(); err != nil {
			return err
		}
	}
	if from.Inside() {
		if err := s.trim(from.Layer(), from.Layer()+1); err != nil {
			return err
		}
	}
	at.inStream, at.attending, at.after = nil, nil, nil
	return s.run.decide(c, from, to, seg, at)
}

// told counts what a segment computed and reports the layers that are done.
func (s *Session) told(c course, from, to llama.Point, seg *llama.Segment, at *passing) {
	for l, cost := range seg.Costs {
		s.prefill = s.prefill.Add(cost)
		at.costs[l] = at.costs[l].Add(cost)
	}
	visual := s.countVisual(at.rows)
	first := from.Layer()
	if from.Inside() {
		first++ // this one's count was begun in the segment before, and a method may have changed it
	}
	for l := first; l <= to.Layer() && l < len(s.keptByLayer); l++ {
		s.keptByLayer[l] = visual
	}
	done, behind := ended(from, to)
	for l := done; l < behind && s.run.emit != nil; l++ {
		e := trace.Layer{Side: s.run.side, Layer: l, N: len(at.rows), FLOPs: at.costs[l].FLOPs}
		if len(at.rows) < s.length {
			e.Rows = at.rows
		}
		s.run.emit(e)
	}
}
