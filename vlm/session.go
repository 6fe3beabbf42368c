package vlm

import (
	"slices"
	"time"

	"winnow/internal/compute"
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
	rows []pruning.Token
	// course and run belong to the methods of the prompt computed last.
	course course
	run    *applier
	// chosen counts the tokens of the answer that were fed back.
	chosen int
	// steps are the pieces of a decode step.
	steps map[piece]*llama.Segment
	// kept are compiled segments that another run may adopt, the latest last.
	kept []*llama.Segment
	// arrays counts how often the cache's or the stream's arrays were replaced.
	arrays int
	// ffn holds the gathered feed-forward weights that decoding uses.
	ffn    map[int]llama.FFN
	logits []float32
	// lens is what the logit lens of this row saw.
	lens  map[pruning.Probe]pruning.Matrix
	spare [][]float32 // buffers for probes
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
	return &Session{m: m, cache: kv.New(m.Backend, c.Layers, c.KVHeads, c.HeadDim, typ),
		logits: make([]float32, c.Vocabulary), ffn: map[int]llama.FFN{}, steps: map[piece]*llama.Segment{}}
}

// Reset forgets the conversation and keeps the memory.
func (s *Session) Reset() {
	s.streak(false)
	s.dropSteps()
	s.cache.Reset()
	s.length, s.rows, s.keptByLayer, s.chosen = 0, nil, nil, 0
	s.course, s.run, s.lens = course{}, nil, nil
	s.prefill, s.decoded, s.perStep, s.selecting, s.applying = compute.Cost{}, compute.Cost{}, compute.Cost{}, 0, 0
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

// dropSteps releases the pieces of decode steps, which hold on to this conversation's cache.
func (s *Session) dropSteps() {
	for p, seg := range s.steps {
		s.release(seg)
		delete(s.steps, p)
	}
}

// Compiling a graph costs as much as a decode step, so the latest ones stay, while they are
// small.
const (
	maxKept      = 64
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
	s.kept = append(s.kept, seg)
	var bytes int64
	for i := len(s.kept) - 1; i >= 0; i-- {
		if bytes += s.kept[i].Bytes(); bytes > maxKeptBytes || len(s.kept)-i > maxKept {
			for _, old := range s.kept[:i+1] {
				old.Free()
			}
			s.kept = slices.Delete(s.kept, 0, i+1)
			return
		}
	}
}

// reserve makes room in layers [from, to) for more entries; segments are built on the arrays that
// it may replace.
func (s *Session) reserve(from, to, more int) error {
	if !s.cache.Room(from, to, more) {
		s.dropSteps()
		s.forget()
	}
	return s.cache.Reserve(from, to, more)
}

// trim gives back memory of layers that hold much less than when the prompt came, where a method
// evicted or packed entries.
func (s *Session) trim(from, to int) error {
	for l := from; l < to; l++ {
		if !s.cache.Trimmable(l, padKeys) {
			continue
		}
		s.dropSteps()
		s.forget()
		if err := s.cache.Trim(l, padKeys); err != nil {
			return err
		}
	}
	return nil
}

// forget frees the kept segments: arrays that they were built on go.
func (s *Session) forget() {
	s.arrays++
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

func (s *Session) countVisual(rows []int) int {
	n := 0
	for _, r := range rows {
		if s.visual(r) {
			n++
		}
	}
	return n
}

// visual reports whether a sequence index stands for a visual token.
func (s *Session) visual(row int) bool { return s.rows[row].Kind == pruning.Visual }

// tokens are those behind sequence indices.
func (s *Session) tokens(rows []int) []pruning.Token {
	out := make([]pruning.Token, len(rows))
	for i, r := range rows {
		out[i] = s.rows[r]
	}
	return out
}
