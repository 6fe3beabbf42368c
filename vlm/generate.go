package vlm

import (
	"context"
	"errors"
	"strings"
	"time"

	"winnow/internal/checkpoint/tokenizer"
	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm/sample"
)

// Generate answers a prompt: prefill with methods, then decoding until the model ends, the
// length is reached, or ctx ends. It emits the events of one side, SideDone last, also when
// cancelled; then the error is compute.ErrCancelled.
func (s *Session) Generate(ctx context.Context, p *Prompt, methods []pruning.Stacked, sampling trace.Sampling, side string, emit func(trace.Event)) (trace.SideDone, error) {
	sampler, err := sample.New(sampling)
	if err != nil {
		return trace.SideDone{}, err
	}
	emit(trace.SideStarted{Side: side})
	a := &answer{s: s, ctx: ctx, side: side, emit: emit, sampler: sampler, stream: tokenizer.NewStream(s.m.Tokens), started: time.Now()}
	a.done = trace.SideDone{Side: side, Visual: visualCount(p)}
	err = s.Prefill(ctx, p, methods, sampling.Seed, side, emit)
	if err == nil {
		a.prefilled()
		err = a.decode(max(1, sampling.MaxTokens))
		s.streak(false)
	}
	if err != nil && !errors.Is(err, compute.ErrCancelled) {
		return a.done, err
	}
	if err != nil {
		a.done.Ended = "cancelled"
	}
	a.finish()
	emit(a.done)
	return a.done, err
}

func visualCount(p *Prompt) int {
	return len(pruning.Spans(p.Tokens, pruning.Visual))
}

// answer is one being generated.
type answer struct {
	s       *Session
	ctx     context.Context
	side    string
	emit    func(trace.Event)
	sampler *sample.Sampler
	stream  *tokenizer.Stream
	started time.Time
	first   time.Time
	steps   int // decode steps after the first token
	text    strings.Builder
	done    trace.SideDone
}

// prefilled notes what is known at the end of prefill.
func (a *answer) prefilled() {
	a.done.PrefillMS = ms(time.Since(a.started))
	a.done.KVBytes = a.s.KVBytes()
	for l := range a.s.cache.Layers {
		a.done.KVByLayer = append(a.done.KVByLayer, a.s.cache.LayerBytes(l))
	}
}

// Follow computes a prompt with methods and then feeds the given tokens, whatever it would have
// chosen itself. see gets the logits that choose each of them, valid until it returns. The summary
// is an answer's, with ids as its tokens; nothing else is reported.
func (s *Session) Follow(ctx context.Context, p *Prompt, methods []pruning.Stacked, seed uint64, ids []int, see func(step int, logits []float32) error) (trace.SideDone, error) {
	a := &answer{s: s, ctx: ctx, started: time.Now()}
	a.done = trace.SideDone{Visual: visualCount(p), Ended: "followed", Tokens: len(ids)}
	if err := s.Prefill(ctx, p, methods, seed, "", nil); err != nil {
		return a.done, err
	}
	a.prefilled()
	a.first = time.Now()
	a.done.TTFTMS = ms(a.first.Sub(a.started))
	defer s.streak(false)
	for step, id := range ids {
		if err := see(step, s.logits); err != nil {
			return a.done, err
		}
		if step == len(ids)-1 {
			break
		}
		if err := s.Step(ctx, id); err != nil {
			return a.done, err
		}
		a.steps++
		a.done.DecodeMS = ms(time.Since(a.first))
	}
	a.total()
	a.done.Answer = s.m.Tokens.Decode(ids)
	return a.done, nil
}

func (a *answer) decode(limit int) error {
	for step := 0; ; step++ {
		id, logProb, err := a.sampler.Next(a.s.logits)
		if err != nil {
			return err
		}
		now := time.Now()
		if step == 0 {
			a.first = now
			a.done.TTFTMS = ms(now.Sub(a.started))
		}
		a.done.DecodeMS = ms(now.Sub(a.first))
		a.steps = step
		if a.s.m.Tokens.IsEOG(id) {
			a.done.Ended = "end token"
			return nil
		}
		text := a.stream.DecodeToken(id)
		a.text.WriteString(text)
		a.done.Tokens++
		a.emit(trace.Word{Side: a.side, Step: step, ID: id, Text: text, LogProb: logProb, MS: ms(now.Sub(a.started)), KVBytes: a.s.KVBytes()})
		if a.done.Tokens >= limit {
			a.done.Ended = "length"
			return nil
		}
		if err := a.s.Step(a.ctx, id); err != nil {
			return err
		}
	}
}

func (a *answer) finish() {
	a.text.WriteString(a.stream.Flush())
	a.done.Answer = strings.TrimSpace(a.text.String())
	a.total()
}

// total sums up what was measured and counted.
func (a *answer) total() {
	if a.steps > 0 && a.done.DecodeMS > 0 {
		a.done.TokensPerSecond = float64(a.steps) / a.done.DecodeMS * 1000
	}
	a.done.SelectMS, a.done.ApplyMS = ms(a.s.selecting), ms(a.s.applying)
	a.done.PrefillFLOPs = a.s.prefill.FLOPs
	a.done.DecodeFLOPs = a.s.decoded.FLOPs
	a.done.DecodeWeightBytes = a.s.perStep.WeightBytes
	a.done.KeptByLayer = a.s.keptByLayer
}
