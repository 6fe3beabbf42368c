package bench

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"winnow/assets/samples"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm"
)

// KVOptions of the bench of decoding with a long context.
type KVOptions struct {
	// Model is a name or a path; "" is smollm2-135m.
	Model string
	// Context is the number of prompt tokens.
	Context int
	// Runs is the number of rounds, Decode the tokens decoded in each.
	Runs, Decode int
	Threads      int
	// Stacks run beside dense; none: ZipVL's two caches.
	Stacks [][]pruning.Spec
	// Progress tells what is being measured now; nil tells nobody.
	Progress func(string)
}

// KV is what decoding with a long context takes.
type KV struct {
	Model   string         `json:"model"`
	Device  compute.Device `json:"device"`
	Context int            `json:"context"`
	Decode  int            `json:"decode_tokens"`
	Runs    int            `json:"runs"`
	// Of has dense first.
	Of []KVOfOne `json:"of"`
}

// KVOfOne is one stack's.
type KVOfOne struct {
	Stack string `json:"stack"`
	// Measured; TokensPerSecond is over Decode tokens after the prompt.
	TokensPerSecond Stat `json:"decode_tokens_per_s"`
	PrefillMS       Stat `json:"prefill_ms"`
	// SelectMS is reading probes and deciding, ApplyMS carrying it out (packing, moving rows); both
	// lie within PrefillMS.
	SelectMS Stat `json:"select_ms"`
	ApplyMS  Stat `json:"apply_ms"`
	// DecodeRatio is tokens/s over dense and PrefillRatio the prefill's speed over dense, round by
	// round: above 1, faster.
	DecodeRatio  Stat `json:"decode_ratio"`
	PrefillRatio Stat `json:"prefill_ratio"`
	// Counted: the cache's bytes as stored after prefill, and the prefill's arithmetic.
	KVBytes      int64  `json:"kv_bytes"`
	PrefillFLOPs int64  `json:"prefill_flops"`
	Refused      string `json:"refused,omitempty"`
}

var defaultKV = [][]pruning.Spec{
	{{Name: "zipvl", Params: map[string]string{"kv": "mixed"}}},
	{{Name: "zipvl", Params: map[string]string{"kv": "evict"}}},
}

// RunKV measures. All run by turns, in an order that changes. ctx ends it between two.
func RunKV(ctx context.Context, o KVOptions) (*KV, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if len(o.Stacks) == 0 {
		o.Stacks = defaultKV
	}
	o.Progress("loading the model")
	source, err := resolve(Options{Kind: LLM, Model: o.Model})
	if err != nil {
		return nil, err
	}
	defer source.remove()
	backend, _, err := device.Open("cpu", o.Threads)
	if err != nil {
		return nil, err
	}
	defer backend.Close()
	files, err := source.open()
	if err != nil {
		return nil, err
	}
	m, err := vlm.Load(files, backend)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if most := m.Decoder.Config.Context; o.Context+o.Decode > most {
		return nil, fmt.Errorf("%d prompt tokens and %d of the answer are more than the model's %d; give a smaller --context", o.Context, o.Decode, most)
	}
	k := &kvBench{session: m.NewSession(compute.F16), all: [][]pruning.Stacked{nil}, samples: make([]kvSample, len(o.Stacks)+1)}
	defer k.session.Close()
	k.prompt, k.forced = readingTask(m, o.Context, o.Decode)
	r := &KV{Model: source.name, Device: m.Backend.Device(), Context: o.Context, Decode: o.Decode, Runs: o.Runs, Of: []KVOfOne{{Stack: "dense, f16"}}}
	for _, specs := range o.Stacks {
		var names []string
		for _, s := range specs {
			names = append(names, s.String())
		}
		one := KVOfOne{Stack: strings.Join(names, "+")}
		stack, err := pruning.Stack(specs, m.Decoder.Describe())
		if err != nil {
			one.Refused = err.Error()
		}
		k.all, r.Of = append(k.all, stack), append(r.Of, one)
	}
	for round := range o.Runs {
		for turn := range r.Of {
			i := (turn + round) % len(r.Of)
			if round%2 == 1 {
				i = len(r.Of) - 1 - i
			}
			if r.Of[i].Refused != "" {
				continue
			}
			o.Progress(fmt.Sprintf("round %d of %d: %s", round+1, o.Runs, r.Of[i].Stack))
			if err := k.measure(ctx, i); err != nil {
				return nil, err
			}
		}
	}
	for i := range r.Of {
		if r.Of[i].Refused == "" {
			k.samples[i].into(&r.Of[i], &k.samples[0])
		}
	}
	return r, nil
}

type kvBench struct {
	session *vlm.Session
	prompt  *vlm.Prompt
	forced  []int
	all     [][]pruning.Stacked
	samples []kvSample
}

// kvSample holds a stack's measurements by round.
type kvSample struct {
	decode, prefill, choosing, applying []float64
	last                                trace.SideDone
}

func (k *kvBench) measure(ctx context.Context, i int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	k.session.Reset()
	runtime.GC()
	time.Sleep(settle)
	done, err := k.session.Follow(ctx, k.prompt, k.all[i], 0, k.forced, func(int, []float32) error { return nil })
	if err != nil {
		return err
	}
	s := &k.samples[i]
	s.decode, s.prefill = append(s.decode, done.TokensPerSecond), append(s.prefill, done.PrefillMS)
	s.choosing, s.applying = append(s.choosing, done.SelectMS), append(s.applying, done.ApplyMS)
	s.last = done
	return nil
}

func (s *kvSample) into(one *KVOfOne, dense *kvSample) {
	one.TokensPerSecond, one.PrefillMS = stat(s.decode), stat(s.prefill)
	one.SelectMS, one.ApplyMS = stat(s.choosing), stat(s.applying)
	one.DecodeRatio, one.PrefillRatio = quotient(s.decode, dense.decode), quotient(dense.prefill, s.prefill)
	one.KVBytes, one.PrefillFLOPs = s.last.KVBytes, s.last.PrefillFLOPs
}

// readingTask is a prompt of plain English, what the sample scenes are said to show and their
// questions over and over, and the tokens that follow it.
func readingTask(m *vlm.Model, prompt, decode int) (*vlm.Prompt, []int) {
	var b strings.Builder
	for _, s := range samples.Scenes() {
		b.WriteString(s.Caption + "\n")
		for _, q := range s.Questions {
			b.WriteString(q.Question + " " + q.Answer + "\n")
		}
	}
	text := m.Tokens.EncodePlain(b.String(), false)
	p := &vlm.Prompt{}
	for i := range prompt {
		p.Tokens = append(p.Tokens, pruning.Token{Kind: pruning.Text, Part: pruning.User, Picture: -1, Position: i, ID: text[i%len(text)]})
	}
	forced := make([]int, decode)
	for i := range forced {
		forced[i] = text[(prompt+i)%len(text)]
	}
	return p, forced
}
