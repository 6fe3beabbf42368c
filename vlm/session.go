package vlm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm/kv"
	"winnow/vlm/llama"
)

// Session is a conversation: a cache and what has been said. One goroutine uses it.
type Session struct {
	m      *Model
	cache  *kv.Cache
	stream llama.Stream
	// length is the number of rows in the full sequence so far, dropped ones included.
	length int
	// rows are the tokens behind the sequence indices.
	rows   []pruning.Token
	decode *llama.Segment
	// kept are compiled segments that another run may adopt, the latest last.
	kept []*llama.Segment
	// ffn holds the gathered feed-forward weights that decoding uses.
	ffn    map[int]llama.FFN
	logits []float32
	spare  [][]float32 // buffers for probes
	// streaking: the device was told that decode steps follow.
	streaking bool
	// Of the last prefill, and summed over the decode steps since.
	prefill, decoded compute.Cost
	perStep          compute.Cost
	keptByLayer      []int
	// selecting is the time of reading probes and deciding, applying of what follows from it:
	// moving cache rows, gathering neurons.
	selecting, applying time.Duration
}

// NewSession starts an empty conversation; entries of the cache are stored as typ (F16 or F32).
func (m *Model) NewSession(typ compute.Type) *Session {
	c := m.Decoder.Config
	return &Session{m: m, cache: kv.New(m.Backend, c.Layers, c.KVHeads*c.HeadDim, typ),
		logits: make([]float32, c.Vocabulary), ffn: map[int]llama.FFN{}}
}

// Reset forgets the conversation and keeps the memory.
func (s *Session) Reset() {
	s.cache.Reset()
	s.length, s.rows, s.keptByLayer = 0, nil, nil
	s.prefill, s.decoded, s.perStep, s.selecting, s.applying = compute.Cost{}, compute.Cost{}, compute.Cost{}, 0, 0
	s.streak(false)
	s.dropDecode()
	for _, f := range s.ffn {
		f.Free()
	}
	s.ffn = map[int]llama.FFN{}
}

// streak tells the device that decode steps follow each other, or no longer do.
func (s *Session) streak(on bool) {
	if d, ok := s.m.Backend.(compute.Streaker); ok && on != s.streaking {
		d.Streak(on)
	}
	s.streaking = on
}

func (s *Session) dropDecode() {
	if s.decode != nil {
		s.release(s.decode)
		s.decode = nil
	}
}

// Compiling a graph costs as much as a decode step, so the latest ones stay, while they are
// small.
const (
	maxKept      = 4
	maxKeptBytes = 64 << 20
)

// build finds a kept segment for a plan, or compiles one.
func (s *Session) build(p llama.Plan) (*llama.Segment, error) {
	for i, seg := range s.kept {
		if seg.Adopt(p) {
			s.kept = slices.Delete(s.kept, i, i+1)
			return seg, nil
		}
	}
	return s.m.Decoder.Build(p, &s.stream)
}

// release keeps a segment for later, or frees it.
func (s *Session) release(seg *llama.Segment) {
	if !seg.Keepable() || seg.Bytes() > maxKeptBytes {
		seg.Free()
		return
	}
	if s.kept = append(s.kept, seg); len(s.kept) > maxKept {
		s.kept[0].Free()
		s.kept = slices.Delete(s.kept, 0, 1)
	}
}

// reserve makes room for rows; segments are built on the arrays that it may replace.
func (s *Session) reserve(cached, stream int) error {
	if cached > s.cache.Capacity() || stream > s.stream.Rows() {
		s.dropDecode()
		s.forget()
	}
	if err := s.cache.Reserve(cached); err != nil {
		return err
	}
	return s.stream.Reserve(s.m.Backend, s.m.Decoder.Config.Hidden, stream)
}

func (s *Session) forget() {
	for _, seg := range s.kept {
		seg.Free()
	}
	s.kept = nil
}

// Close frees the session's memory.
func (s *Session) Close() {
	s.Reset()
	s.forget()
	s.cache.Free()
	s.stream.Free()
}

// Logits are those of the row last computed; valid until the next call.
func (s *Session) Logits() []float32 { return s.logits }

// KVBytes counts what the cache's entries take.
func (s *Session) KVBytes() int64 { return s.cache.Bytes() }

// Length is the number of rows said so far, dropped ones included.
func (s *Session) Length() int { return s.length }

// streamKinds change which rows go on, so prefill is cut where they may happen.
var streamKinds = []string{"drop", "skip", "exclude", "merge"}

// The cuts that no method asks for keep memory and the time until a cancel bounded.
const (
	maxProbeBytes   = 64 << 20
	maxSegmentFLOPs = 20e9
)

// site is a method's visit.
type site struct {
	method int
	pruning.Request
}

// course is where prefill stops, and who decides there.
type course struct {
	sites [][]site // by layer
	cut   []bool   // by layer: the stream may change after it
}

func (s *Session) course(methods []pruning.Stacked) (course, error) {
	model := s.m.Decoder.Describe()
	c := course{make([][]site, model.Layers), make([]bool, model.Layers)}
	for i, st := range methods {
		requests, err := st.Method.Requests(model)
		if err != nil {
			return course{}, fmt.Errorf("%s cannot serve this model: %w", st.Info.Title, err)
		}
		for _, r := range requests {
			if r.Site.Phase != pruning.Prefill {
				return course{}, fmt.Errorf("%s decides in phase %v, which this pipeline does not offer; choose another method", st.Info.Title, r.Site.Phase)
			}
			if r.Site.Layer < 0 || r.Site.Layer >= model.Layers {
				return course{}, fmt.Errorf("%s decides after layer %d, the model has layers 0 to %d", st.Info.Title, r.Site.Layer, model.Layers-1)
			}
			c.sites[r.Site.Layer] = append(c.sites[r.Site.Layer], site{i, r})
		}
		for _, claim := range st.Method.Claims(model) {
			if claim.Phase == pruning.Prefill && slices.Contains(streamKinds, claim.Kind) && claim.Layer >= 0 && claim.Layer < model.Layers {
				c.cut[claim.Layer] = true
			}
		}
	}
	return c, nil
}

// passing is the state of a prefill between segments.
type passing struct {
	rows      []int   // sequence indices of the rows that go on
	positions []int32 // their rotary positions
	inStream  []int32 // where they lie in the device's stream; nil before the first segment
}

// Prefill computes a prompt, with methods deciding on the way, up to the logits of its last
// row. Methods need an empty session; later turns of a conversation are dense.
func (s *Session) Prefill(ctx context.Context, p *Prompt, methods []pruning.Stacked, seed uint64, side string, emit func(trace.Event)) error {
	if len(methods) > 0 && s.length > 0 {
		return fmt.Errorf("pruning methods act on the first question; start a new conversation")
	}
	c, err := s.course(methods)
	if err != nil {
		return err
	}
	model := s.m.Decoder.Config
	base := s.length
	if base+len(p.Tokens) > model.Context {
		return fmt.Errorf("the conversation has %d tokens with this question, the model takes %d; start a new one", base+len(p.Tokens), model.Context)
	}
	if err := s.reserve(base+len(p.Tokens)+1, len(p.Tokens)); err != nil {
		return err
	}
	x, err := s.m.embed(p, p.Tokens)
	if err != nil {
		return err
	}
	at := passing{rows: make([]int, len(p.Tokens)), positions: make([]int32, len(p.Tokens))}
	for i := range p.Tokens {
		at.rows[i], at.positions[i] = base+i, int32(base+i)
	}
	s.rows = append(s.rows, p.Tokens...)
	s.length = base + len(p.Tokens)
	s.keptByLayer = make([]int, model.Layers)
	s.streak(len(methods) == 0) // who decides nothing needs no core between the graphs
	s.dropDecode()

	a := &applier{s: s, methods: methods, memory: make([]any, len(methods)), seed: seed, side: side, emit: emit}
	for from := 0; from < model.Layers; {
		to := s.segmentEnd(c, from, len(at.rows))
		if err := s.segment(ctx, c, from, to, x, &at, a); err != nil {
			return err
		}
		from, x = to, nil
	}
	return nil
}

// segmentEnd is the layer after the last one of the segment that starts at from.
func (s *Session) segmentEnd(c course, from, rows int) int {
	cfg := s.m.Decoder.Config
	perLayer := 2 * float64(rows) * float64(cfg.Hidden) * float64(2*cfg.Heads*cfg.HeadDim+2*cfg.KVHeads*cfg.HeadDim+3*cfg.FFN)
	flops, bytes := 0.0, 0
	for l := from; l < cfg.Layers; l++ {
		flops += perLayer
		if len(c.sites[l]) > 0 {
			bytes += 4 * rows * cfg.FFN
		}
		if c.cut[l] || bytes > maxProbeBytes || flops > maxSegmentFLOPs {
			return l + 1
		}
	}
	return cfg.Layers
}

// segment runs layers [from, to) and lets the methods decide.
func (s *Session) segment(ctx context.Context, c course, from, to int, x []float32, at *passing, a *applier) error {
	layers := s.m.Decoder.Config.Layers
	plan := llama.Plan{From: from, To: to, Rows: len(at.rows), FromStream: x == nil, ToStream: to < layers, Cache: s.cache}
	if to == layers {
		plan.Logits = 1
	}
	if s.cache.Type() == compute.F32 { // sums in llama.cpp's order: its logits bit for bit
		plan.PadKeys = padKeys
	} else { // ggml's fast prefill attention takes whole tiles of keys only
		plan.PadKeys = keyTile
	}
	for l := from; l < to; l++ {
		for _, v := range c.sites[l] {
			for _, probe := range v.Probes {
				if !slices.Contains(plan.Probes, probe) {
					plan.Probes = append(plan.Probes, probe)
				}
			}
		}
	}
	plan.Before = s.cache.Append(from, to, at.rows, at.positions[len(at.positions)-1])
	seg, err := s.build(plan)
	if err != nil {
		s.cache.Restore(from, plan.Before)
		return err
	}
	defer s.release(seg)
	if err := seg.Run(ctx, llama.Inputs{X: x, Kept: at.inStream, Positions: at.positions}); err != nil {
		s.cache.Restore(from, plan.Before)
		return err
	}
	visual := s.countVisual(at.rows)
	for l := from; l < to; l++ {
		cost := seg.LayerCost[l-from]
		s.prefill = s.prefill.Add(cost)
		s.keptByLayer[l] = visual
		e := trace.Layer{Side: a.side, Layer: l, N: len(at.rows), FLOPs: cost.FLOPs}
		if len(at.rows) < s.length {
			e.Rows = at.rows
		}
		a.emit(e)
	}
	if to == layers {
		s.prefill = s.prefill.Add(seg.HeadCost)
		if err := seg.Logits(s.logits); err != nil {
			return err
		}
	}
	at.inStream = nil
	err = a.decide(c, from, to, seg, at)
	if at.inStream == nil {
		at.inStream = make([]int32, len(at.rows))
		for i := range at.inStream {
			at.inStream[i] = int32(i)
		}
	}
	return err
}

func (s *Session) countVisual(rows []int) int {
	n := 0
	for _, r := range rows {
		if s.rows[r].Kind == pruning.Visual {
			n++
		}
	}
	return n
}

// keyTile is the number of keys that ggml's fused attention takes at a time.
const keyTile = 64

// padKeys: one decode graph serves this many steps.
const padKeys = 256

// Step appends one generated token and computes the logits after it.
func (s *Session) Step(ctx context.Context, id int) error {
	cfg := s.m.Decoder.Config
	if s.length >= cfg.Context {
		return fmt.Errorf("the conversation fills the model's context of %d tokens; start a new one", cfg.Context)
	}
	if s.length+1 > s.cache.Capacity() {
		if err := s.reserve(min(s.length+padKeys, cfg.Context), 0); err != nil {
			return err
		}
	}
	x := make([]float32, cfg.Hidden)
	if err := s.m.Decoder.Embed([]int{id}, x); err != nil {
		return err
	}
	before := s.cache.Append(0, cfg.Layers, []int{s.length}, -1)
	if s.decode == nil || !s.decode.Rebind(before, s.cache) {
		s.dropDecode()
		seg, err := s.build(llama.Plan{To: cfg.Layers, Rows: 1, Logits: 1, Before: before, Cache: s.cache,
			PadKeys: padKeys, FFN: s.ffn})
		if err != nil {
			s.cache.Restore(0, before)
			return err
		}
		s.decode = seg
		s.streak(true)
		s.perStep = seg.HeadCost
		for _, c := range seg.LayerCost {
			s.perStep = s.perStep.Add(c)
		}
	}
	if err := s.decode.Run(ctx, llama.Inputs{X: x}); err != nil {
		s.cache.Restore(0, before)
		s.dropDecode()
		return err
	}
	s.rows = append(s.rows, pruning.Token{Kind: pruning.Text, Part: pruning.Answer, Picture: -1, Position: s.length, ID: id})
	s.length++
	s.decoded = s.decoded.Add(s.perStep)
	return s.decode.Logits(s.logits)
}
