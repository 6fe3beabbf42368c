package eval

import (
	"context"
	"crypto/sha256"
	"fmt"

	"winnow/app/bench"
	builtin "winnow/assets/models"
	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vision/preprocess"
	"winnow/vlm"
)

// Options of an evaluation.
type Options struct {
	Source Source
	// N is the number of scenes, at least 1.
	N int
	// Seed of what methods and random draw.
	Seed uint64
	// Stacks are asked beside dense.
	Stacks [][]pruning.Spec
	// NoRandom leaves out random at each stack's budget.
	NoRandom bool
	// Model and Projector as files, or "" for the built-in model; Device as `winnow devices` lists.
	Model, Projector, Device string
	Threads                  int
	// Resume is a file of finished scenes to go on from and to write to; "" for none.
	Resume string
	// Progress tells how many scenes are done; nil tells nobody.
	Progress func(done, of int)
}

// maxAnswer bounds an answer, in tokens; a caption of six objects has about 60.
const maxAnswer = 96

// Side is who answers.
type Side struct {
	Name string `json:"name"`
	// Beside is the index of the side whose budget this one, random, has; 0 for the others.
	Beside int `json:"beside,omitempty"`
}

// Answer is what one side said, and what it cost.
type Answer struct {
	Text string `json:"text"`
	// Kept is the share of the visual tokens, mean over the layers; FLOPs those of prefill; KVBytes
	// the cache after it. All three are counted.
	Kept    float64 `json:"kept"`
	FLOPs   int64   `json:"flops"`
	KVBytes int64   `json:"kv_bytes"`
	// Budget is what random was matched by ("" for nothing less than dense), Share how much of it.
	Budget string  `json:"budget,omitempty"`
	Share  float64 `json:"share,omitempty"`
}

// Asked is a question with the answers of all sides, dense first.
type Asked struct {
	Question
	Answers []Answer `json:"answers"`
}

// Done is a finished scene.
type Done struct {
	Scene   int      `json:"scene"`
	Name    string   `json:"name"`
	Objects []string `json:"objects"`
	Asked   []Asked  `json:"asked"`
}

// Results are everything that was answered.
type Results struct {
	Model    string
	Device   compute.Device
	Settings string
	Notes    []string
	Seed     uint64
	Sides    []Side
	Scenes   []Done
	// Wanted is the number of scenes that were to be asked; fewer are there after a cancelled run.
	Wanted int
}

// Run asks. When ctx ends, it returns the scenes that are finished together with ctx's error.
func Run(ctx context.Context, o Options) (*Results, error) {
	if o.N < 1 {
		return nil, fmt.Errorf("%d scenes cannot be asked; give at least 1", o.N)
	}
	if n := o.Source.Len(); n > 0 {
		o.N = min(o.N, n)
	}
	m, name, done, err := bench.OpenVLM(o.Model, o.Projector, o.Device, o.Threads)
	if err != nil {
		return nil, err
	}
	defer done()
	if p, ok := o.Source.(*painted); ok {
		p.fit(m.Encoder.Processor().Output(preprocess.Size{W: plain, H: plain}))
	}
	e := &evaluation{o: o, m: m, session: m.NewSession(compute.F16)}
	defer e.session.Close()
	r := &Results{Model: name, Device: m.Backend.Device(), Settings: o.Source.Settings(), Notes: o.Source.Notes(), Seed: o.Seed, Wanted: o.N}
	if r.Sides, err = e.sides(); err != nil {
		return nil, err
	}
	log, err := openLog(o.Resume, header{Version: 1, Model: name + " " + fingerprint(o.Model, m), Settings: r.Settings, Seed: o.Seed, Sides: r.Sides}, o.N)
	if err != nil {
		return nil, err
	}
	defer log.close()
	r.Scenes = log.scenes
	for i := len(r.Scenes); i < o.N; i++ {
		if o.Progress != nil {
			o.Progress(i, o.N)
		}
		d, err := e.scene(ctx, i)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if err := log.add(d); err != nil {
			return nil, err
		}
		r.Scenes = append(r.Scenes, d)
	}
	if o.Progress != nil {
		o.Progress(o.N, o.N)
	}
	return r, nil
}

// fingerprint tells models of one name apart.
func fingerprint(model string, m *vlm.Model) string {
	if b, ok := builtin.Find(model); ok {
		h := sha256.New()
		h.Write(b.Decoder)
		h.Write(b.Projector)
		return fmt.Sprintf("%x", h.Sum(nil)[:6])
	}
	return fmt.Sprintf("%d bytes", m.FileBytes())
}

type evaluation struct {
	o       Options
	m       *vlm.Model
	session *vlm.Session
	stacks  [][]pruning.Stacked
}

// sides checks the stacks before anything is asked.
func (e *evaluation) sides() ([]Side, error) {
	out := []Side{{Name: trace.Dense}}
	for _, specs := range e.o.Stacks {
		name := ""
		for i, s := range specs {
			if i > 0 {
				name += "+"
			}
			name += s.String()
		}
		stack, err := pruning.Stack(specs, e.m.Decoder.Describe())
		if err == nil {
			err = e.m.Admit(stack)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		e.stacks = append(e.stacks, stack)
		out = append(out, Side{Name: name})
		if !e.o.NoRandom {
			out = append(out, Side{Name: "random beside " + name, Beside: len(out) - 1})
		}
	}
	return out, nil
}

func (e *evaluation) scene(ctx context.Context, i int) (Done, error) {
	s, err := e.o.Source.Scene(ctx, i)
	if err != nil {
		return Done{}, err
	}
	d := Done{Scene: i, Name: s.Name, Objects: s.Objects}
	pic, err := e.m.Encode(ctx, s.Picture)
	if err != nil {
		return d, err
	}
	for n, q := range s.Questions {
		a, err := e.ask(ctx, pic, q, e.o.Seed+uint64(i)<<16+uint64(n))
		if err != nil {
			return d, err
		}
		d.Asked = append(d.Asked, a)
	}
	return d, nil
}

// ask lets all sides answer one question.
func (e *evaluation) ask(ctx context.Context, pic *vlm.Picture, q Question, seed uint64) (Asked, error) {
	out := Asked{Question: q}
	prompt, err := e.m.Prompt([]trace.Message{{Role: "user", Text: q.Text}}, pic)
	if err != nil {
		return out, err
	}
	generate := func(stack []pruning.Stacked) (trace.SideDone, error) {
		e.session.Reset()
		return e.session.Generate(ctx, prompt, stack, trace.Sampling{TopP: 1, Seed: seed, MaxTokens: maxAnswer}, trace.Dense, func(trace.Event) {})
	}
	add := func(done trace.SideDone, c bench.Chance) {
		out.Answers = append(out.Answers, Answer{Text: done.Answer, Kept: bench.Kept(done), FLOPs: done.PrefillFLOPs, KVBytes: done.KVBytes,
			Budget: c.What, Share: c.Share})
	}
	dense, err := generate(nil)
	if err != nil {
		return out, err
	}
	add(dense, bench.Chance{})
	for _, stack := range e.stacks {
		name := stack[0].Spec.String()
		done, err := generate(stack)
		if err != nil {
			return out, fmt.Errorf("%s: %w", name, err)
		}
		model := e.m.Decoder.Describe()
		c, err := bench.Equal(stack, model, done, dense, len(prompt.Tokens))
		if err != nil {
			return out, fmt.Errorf("random beside %s: %w", name, err)
		}
		add(done, c)
		if e.o.NoRandom {
			continue
		}
		chance := dense // with nothing less than dense, random is dense
		if c.Stack != nil {
			if chance, err = generate(c.Stack); err != nil {
				return out, fmt.Errorf("random beside %s: %w", name, err)
			}
		}
		c.Share = c.Left
		add(chance, c)
	}
	return out, nil
}
