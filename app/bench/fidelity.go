package bench

import (
	"cmp"
	"context"
	"fmt"

	"winnow/app/agreement"
	builtin "winnow/assets/models"
	"winnow/assets/samples"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vision/picture"
	"winnow/vlm"
)

// FidelityOptions say what is compared with random.
type FidelityOptions struct {
	// Questions is their number, 0 for all that there are.
	Questions int
	// Seed draws the questions, the lots of random and the bootstrap.
	Seed uint64
	// Stacks to compare; none: every method that is no baseline, at its defaults.
	Stacks [][]pruning.Spec
	// Model and Projector as in Options; "" is the built-in model.
	Model, Projector string
	Threads          int
	// Progress tells how many questions are done; nil tells nobody.
	Progress func(done, of int)
}

// maxAnswer bounds the dense answers, in tokens.
const maxAnswer = 64

// RunFidelity asks the questions. ctx ends it between two of them.
func RunFidelity(ctx context.Context, o FidelityOptions) (*Fidelity, error) {
	source, err := resolve(Options{Kind: VLM, Model: cmp.Or(o.Model, builtin.All()[0].Name), Projector: o.Projector})
	if err != nil {
		return nil, err
	}
	defer source.remove()
	backend, _, err := device.Open("auto", o.Threads)
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
	if m.Encoder == nil {
		return nil, errNoVision
	}
	f := &fidelity{m: m, session: m.NewSession(compute.F16), seed: o.Seed, pictures: map[int]*vlm.Picture{}}
	defer f.session.Close()
	f.candidates(o.Stacks)
	list := questions(o.Questions, o.Seed)
	if err := f.classify(ctx, list[:min(len(list), 8)]); err != nil {
		return nil, err
	}
	for i, q := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if o.Progress != nil {
			o.Progress(i, len(list))
		}
		if err := f.ask(ctx, q, uint64(i)); err != nil {
			return nil, err
		}
	}
	return f.report(source.name), nil
}

type fidelity struct {
	m         *vlm.Model
	session   *vlm.Session
	seed      uint64
	pictures  map[int]*vlm.Picture
	stacks    []candidate
	questions int
	tokens    int
}

// candidate is a stack with what it and its random counterpart came to, question by question.
type candidate struct {
	name                           string
	methods                        []pruning.Stacked
	refused                        string
	what                           string
	late                           bool
	flops, kv                      []float64 // shares of dense
	share, randomShare             []float64
	kl, top1, randomKL, randomTop1 []float64
}

func (f *fidelity) candidates(stacks [][]pruning.Spec) {
	if len(stacks) == 0 {
		for _, info := range pruning.Answering() {
			if info.Provenance != pruning.Baseline {
				stacks = append(stacks, []pruning.Spec{{Name: info.Name}})
			}
		}
	}
	for _, specs := range stacks {
		c := candidate{}
		for i, s := range specs {
			if i > 0 {
				c.name += "+"
			}
			c.name += s.String()
		}
		var err error
		if c.methods, err = pruning.Stack(specs, f.m.Decoder.Describe()); err != nil {
			c.refused = err.Error()
		}
		c.late = late(c.methods, f.m.Decoder.Describe())
		f.stacks = append(f.stacks, c)
	}
}

// classify finds out what each candidate saves: one may save nothing on one question.
func (f *fidelity) classify(ctx context.Context, list []asked) error {
	for _, q := range list {
		pic, err := f.see(ctx, q.scene)
		if err != nil {
			return err
		}
		prompt, err := f.m.Prompt([]trace.Message{{Role: "user", Text: q.question}}, pic)
		if err != nil {
			return err
		}
		of, err := f.prefill(ctx, prompt)
		if err != nil {
			return err
		}
		for i := range f.stacks {
			c := &f.stacks[i]
			if c.refused != "" || c.what == ofTokens {
				continue
			}
			f.session.Reset()
			done, err := f.session.Follow(ctx, prompt, c.methods, f.seed, []int{0}, func(int, []float32) error { return nil })
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.what = cmp.Or(kindOf(done, of), c.what)
		}
	}
	for i := range f.stacks {
		c := &f.stacks[i]
		if _, ok := declared(c.methods, f.m.Decoder.Describe()); ok && c.what == "" {
			c.what = ofRows
		}
	}
	return nil
}

// prefill computes a prompt without methods; the session can go on from there.
func (f *fidelity) prefill(ctx context.Context, p *vlm.Prompt) (size, error) {
	f.session.Reset()
	done, err := f.session.Follow(ctx, p, nil, 0, []int{0}, func(int, []float32) error { return nil })
	return size{f.m.Decoder.Config.Layers, len(p.Tokens), done.Visual, done.KVBytes, done.PrefillFLOPs}, err
}

// ask lets the dense model answer, and each candidate and its random counterpart follow.
func (f *fidelity) ask(ctx context.Context, q asked, number uint64) error {
	pic, err := f.see(ctx, q.scene)
	if err != nil {
		return err
	}
	prompt, err := f.m.Prompt([]trace.Message{{Role: "user", Text: q.question}}, pic)
	if err != nil {
		return err
	}
	var dense agreement.Reference
	ids, of, err := f.dense(ctx, prompt, &dense)
	if err != nil || len(ids) == 0 {
		return err
	}
	f.questions++
	f.tokens += len(ids)
	follow := func(methods []pruning.Stacked) (trace.SideDone, agreement.Agreement, error) {
		var a agreement.Agreement
		f.session.Reset()
		done, err := f.session.Follow(ctx, prompt, methods, f.seed+number, ids, func(step int, logits []float32) error {
			return a.Add(&dense, step, logits)
		})
		return done, a, err
	}
	for i := range f.stacks {
		c := &f.stacks[i]
		if c.refused != "" {
			continue
		}
		done, a, err := follow(c.methods)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		c.kl, c.top1 = append(c.kl, a.KL()), append(c.top1, a.Top1())
		c.flops = append(c.flops, float64(done.PrefillFLOPs)/float64(of.flops))
		c.kv = append(c.kv, float64(done.KVBytes)/float64(of.kvBytes))
		if c.what == "" {
			continue
		}
		b := match(c.what, c.late, done, c.methods, f.m.Decoder.Describe(), of)
		random, err := b.random(f.m.Decoder.Describe())
		if err != nil {
			return err
		}
		if _, a, err = follow(random); err != nil {
			return fmt.Errorf("chance beside %s: %w", c.name, err)
		}
		c.share, c.randomShare = append(c.share, b.share), append(c.randomShare, b.left)
		c.randomKL, c.randomTop1 = append(c.randomKL, a.KL()), append(c.randomTop1, a.Top1())
	}
	return nil
}

// dense answers greedily, and keeps the logits behind each token of the answer.
func (f *fidelity) dense(ctx context.Context, p *vlm.Prompt, r *agreement.Reference) (ids []int, of size, err error) {
	if of, err = f.prefill(ctx, p); err != nil {
		return nil, of, err
	}
	for len(ids) < maxAnswer {
		best := 0
		logits := f.session.Logits()
		for i, x := range logits {
			if x > logits[best] {
				best = i
			}
		}
		if f.m.Tokens.IsEOG(best) {
			return ids, of, nil
		}
		if err := r.Add(logits); err != nil {
			return nil, of, err
		}
		ids = append(ids, best)
		if len(ids) == maxAnswer {
			break
		}
		if err := f.session.Step(ctx, best); err != nil {
			return nil, of, err
		}
	}
	return ids, of, nil
}

// see encodes a scene once.
func (f *fidelity) see(ctx context.Context, scene int) (*vlm.Picture, error) {
	if p := f.pictures[scene]; p != nil {
		return p, nil
	}
	s := samples.Scenes()[scene]
	p, err := picture.DecodeBytes(ctx, s.Data, s.File, picture.Limits{})
	if err != nil {
		return nil, err
	}
	if f.pictures[scene], err = f.m.Encode(ctx, p); err != nil {
		return nil, err
	}
	return f.pictures[scene], nil
}
