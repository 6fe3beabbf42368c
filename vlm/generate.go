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
		a.done.PrefillMS = ms(time.Since(a.started))
		a.done.KVBytes = s.KVBytes()
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
		a.emit(trace.Word{Side: a.side, Step: step, ID: id, Text: text, LogProb: logProb, MS: ms(now.Sub(a.started))})
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
	if a.steps > 0 && a.done.DecodeMS > 0 {
		a.done.TokensPerSecond = float64(a.steps) / a.done.DecodeMS * 1000
	}
	a.done.SelectMS, a.done.ApplyMS = ms(a.s.selecting), ms(a.s.applying)
	a.done.PrefillFLOPs = a.s.prefill.FLOPs
	a.done.DecodeFLOPs = a.s.decoded.FLOPs
	a.done.DecodeWeightBytes = a.s.perStep.WeightBytes
	a.done.KeptByLayer = a.s.keptByLayer
}
