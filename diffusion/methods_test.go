package diffusion

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/diffusion/solver"
	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
)

// scripted is a method that says what a function says and remembers what it saw.
type scripted struct {
	say  func(next int, s pruning.Seen) *pruning.Step
	seen []pruning.Seen
}

var allProbes = []pruning.Probe{{What: pruning.Latent}, {What: pruning.NextLatent}, {What: pruning.Clean}, {What: pruning.Noise}}

func (m *scripted) Requests(pruning.Model) ([]pruning.Request, error) {
	return []pruning.Request{{Site: pruning.DenoiseSite, Probes: allProbes}}, nil
}

func (m *scripted) Claims(pruning.Model) []pruning.Claim { return nil }

func (m *scripted) Decide(s pruning.Seen) (pruning.Outcome, error) {
	m.seen = append(m.seen, s)
	if step := m.say(s.Site.Step+1, s); step != nil {
		return pruning.Outcome{Decisions: []pruning.Decision{step}, Memory: s.Site.Step}, nil
	}
	return pruning.Outcome{Memory: s.Site.Step}, nil
}

func (m *scripted) stack() []pruning.Stacked {
	return []pruning.Stacked{{Info: pruning.Info{Name: "scripted", Title: "Scripted", Stages: []pruning.Phase{pruning.Denoise}}, Method: m}}
}

func value(t *testing.T, s pruning.Seen, q pruning.Quantity) pruning.Matrix {
	t.Helper()
	v, err := s.Value(pruning.Probe{What: q})
	if err != nil || v.Rows != edge*edge || v.Cols != 3 {
		t.Fatalf("%v is %d × %d (%v)", q, v.Rows, v.Cols, err)
	}
	return v
}

// TestNeutralSettingIsDense: and so are methods that say what dense does.
func TestNeutralSettingIsDense(t *testing.T) {
	onEach(t, func(t *testing.T, be compute.Backend) {
		m := tiny(t, be)
		for _, name := range []string{"flow-euler", "dpm++2m", "euler"} {
			d := request(6)
			d.Solver = name
			g := begun(t, m, d)
			dense := drawn(t, g, nil)
			full := &scripted{say: func(next int, s pruning.Seen) *pruning.Step {
				return &pruning.Step{Action: pruning.RunStep, Store: next%2 == 0}
			}}
			everyToken := &scripted{say: func(next int, s pruning.Seen) *pruning.Step {
				rows := make([]int, len(s.Tokens))
				for i := range rows {
					rows[i] = i
				}
				return &pruning.Step{Action: pruning.RunTokens, Rows: rows}
			}}
			for what, methods := range map[string][]pruning.Stacked{
				"sada to=0": stack(t, m, "sada,from=0,to=0"), "stepcache interval=1": stack(t, m, "stepcache,interval=1"),
				"all steps in full, some stored": full.stack(), "all tokens": everyToken.stack(),
			} {
				r := drawn(t, g, methods)
				if !slices.Equal(r.picture.Latent, dense.picture.Latent) || !bytes.Equal(r.picture.PNG, dense.picture.PNG) {
					t.Errorf("%s with %s: off by %.2g", name, what, worst(r.picture.Latent, dense.picture.Latent))
				}
				if r.drawn.NFE != 6 || r.drawn.FLOPs < dense.drawn.FLOPs {
					t.Errorf("%s with %s: %d evaluations, %d FLOPs", name, what, r.drawn.NFE, r.drawn.FLOPs)
				}
			}
		}
	})
}

// TestProbesAreWhatTheStepDid: in every solver the state is what its family says of the clean
// latent and the prediction, cell by cell with channels together.
func TestProbesAreWhatTheStepDid(t *testing.T) {
	m := tiny(t, open(t, "ref"))
	for _, name := range solver.Names() {
		d := request(5)
		d.Solver = name
		spy := &scripted{say: func(int, pruning.Seen) *pruning.Step { return nil }}
		r := drawn(t, begun(t, m, d), spy.stack())
		seen := spy.seen[1:] // the first looked at a blank latent
		if len(seen) != 5 {
			t.Fatalf("%s: %d sites", name, len(seen))
		}
		if first := solver.Noise(d.Seed, 3*edge*edge); name == "flow-euler" {
			v := value(t, seen[0], pruning.Latent)
			if v.Row(1)[2] != first[2*edge*edge+1] {
				t.Error("a probe's rows are not cells of all channels")
			}
		}
		for i, s := range seen {
			den := s.Denoising
			if den == nil || den.Steps != 5 || den.Height != edge || den.Width != edge || den.Channels != 3 || den.Patch != patch ||
				len(s.Tokens) != 36 || s.Tokens[8].Row != 1 || s.Tokens[8].Col != 2 || s.Seed != 7 || s.Site.Step != i {
				t.Fatalf("%s: seen %+v", name, s.Denoising)
			}
			if i == 0 && s.Memory != nil || i > 0 && s.Memory != i-1 {
				t.Errorf("%s: step %d has the memory %v", name, i, s.Memory)
			}
			sigma := den.Sigmas[i]
			a, e := 1.0, sigma
			switch den.Family {
			case pruning.VariancePreserving:
				a = 1 / math.Sqrt(1+sigma*sigma)
				e = sigma * a
			case pruning.FlowMatching:
				a = 1 - sigma
			}
			x, clean, noise, next := value(t, s, pruning.Latent), value(t, s, pruning.Clean), value(t, s, pruning.Noise), value(t, s, pruning.NextLatent)
			for k := range x.Data {
				eps := float64(noise.Data[k])
				if den.Predicts == pruning.Velocity {
					eps += float64(clean.Data[k])
				} else if den.Predicts != pruning.Epsilon {
					t.Fatalf("%s predicts %s", name, den.Predicts)
				}
				want := a*float64(clean.Data[k]) + e*eps
				if math.Abs(want-float64(x.Data[k])) > 2e-3*(1+math.Abs(want)+e) {
					t.Fatalf("%s, step %d: x[%d] is %v; clean and prediction say %v", name, i, k, x.Data[k], want)
				}
			}
			if i+1 < len(seen) && !slices.Equal(next.Data, value(t, seen[i+1], pruning.Latent).Data) {
				t.Errorf("%s: step %d does not begin where the one before led", name, i+1)
			}
			if i == 4 && !slices.Equal(channelsFirst(next.Data), r.picture.Latent) {
				t.Errorf("%s: the last state is not the picture", name)
			}
		}
	}
}

// TestDecisionsAreCarriedOut: each kind of step does what it says, and says it.
func TestDecisionsAreCarriedOut(t *testing.T) {
	onEach(t, func(t *testing.T, be compute.Backend) {
		m := tiny(t, be)
		rows := []int{0, 7, 20, 35}
		var repeated, estimate []float32
		k := float32(0.25)
		spy := &scripted{say: func(next int, s pruning.Seen) *pruning.Step {
			switch step := (&pruning.Step{Action: pruning.RunStep}); next {
			case 1:
				step.Store, step.Rule = true, "fills"
				step.Scores, step.Also = make([]float32, 36), []pruning.Series{
					{Name: pruning.CriterionSeries, Values: []float32{k}, Target: 0},
					{Name: pruning.WindowSeries, Values: []float32{1, 5}, Target: float32(math.NaN())}}
				step.Scores[3] = 2
				return step
			case 2:
				step.Action, step.Rows = pruning.RunTokens, rows
				return step
			case 3:
				repeated = slices.Clone(value(t, s, pruning.Noise).Data)
				step.Action, step.Output, step.Rule = pruning.SkipStep, repeated, "again"
				return step
			case 4:
				estimate = slices.Clone(value(t, s, pruning.Clean).Data)
				for i := range estimate {
					estimate[i] /= 2
				}
				step.Action, step.Clean = pruning.Extrapolate, estimate
				return step
			}
			return nil
		}}
		g := begun(t, m, request(6))
		r := drawn(t, g, spy.stack())
		seen := spy.seen[1:]
		var kinds []string
		for _, s := range r.steps {
			kinds = append(kinds, s.Kind)
		}
		if want := []string{"full", "full", "token", "skip", "lagrange", "full"}; !slices.Equal(kinds, want) {
			t.Fatalf("steps %v, want %v", kinds, want)
		}
		if s := r.steps[0]; s.Criterion == nil || *s.Criterion != 0.25 || *s.Threshold != 0 || !slices.Equal(s.Window, []int{1, 5}) || s.Unstable[3] != 2 || s.Why != "" {
			t.Errorf("the first step says %+v", s)
		}
		if s := r.steps[2]; s.Kept != 4 || !slices.Equal(s.Tokens, rows) || s.FLOPs >= r.steps[1].FLOPs || s.FLOPs <= 0 || s.Criterion != nil {
			t.Errorf("the token-wise step says %+v", s)
		}
		if s := r.steps[3]; s.Kept != 0 || s.FLOPs != 0 || s.Why != "again" || r.steps[1].Why != "fills" {
			t.Errorf("the skipped step says %+v", s)
		}
		if r.drawn.NFE != 4 || r.drawn.CacheBytes != 4*width*36*2 {
			t.Errorf("%d evaluations, %d bytes", r.drawn.NFE, r.drawn.CacheBytes)
		}
		if got := value(t, seen[3], pruning.Noise).Data; !slices.Equal(got, repeated) {
			t.Error("the prediction given was not used")
		}
		if got := value(t, seen[4], pruning.Clean).Data; !slices.Equal(got, estimate) {
			t.Error("the clean latent given was not used")
		}
		if got := value(t, seen[4], pruning.Noise).Data; !slices.Equal(got, repeated) {
			t.Error("beside a clean latent the last prediction is not shown")
		}
		// Kept tokens are computed anew, the others not so: their text, time and neighbours are the
		// step's before.
		dense := &scripted{say: func(int, pruning.Seen) *pruning.Step { return nil }}
		drawn(t, g, dense.stack())
		whole, part := value(t, dense.seen[3], pruning.Noise), value(t, seen[2], pruning.Noise)
		if !slices.Equal(value(t, dense.seen[3], pruning.Latent).Data, value(t, seen[2], pruning.Latent).Data) {
			t.Fatal("the first two steps differ from dense")
		}
		if slices.Equal(whole.Data, part.Data) {
			t.Error("a token-wise step gives what a full one gives")
		}
	})
}

// TestSADA: every solver; skips and token-wise steps, all counted.
func TestSADA(t *testing.T) {
	m := tiny(t, open(t, "ref"))
	kinds := map[string]int{}
	for _, name := range solver.Names() {
		d := request(16)
		d.Solver = name
		g := begun(t, m, d)
		dense := drawn(t, g, nil)
		methods := stack(t, m, "sada,from=3,to=15,schedule=fixed,tokens=on,lagrange_step=8,max_fix=100")
		if err := m.Admit(d, methods); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r := drawn(t, g, methods)
		skipped := r.count(trace.StepSkip) + r.count(trace.StepLagrange)
		if r.drawn.NFE+skipped != 16 || skipped == 0 {
			t.Errorf("%s: %d evaluations and %d skips in 16 steps", name, r.drawn.NFE, skipped)
		}
		if r.drawn.FLOPs >= dense.drawn.FLOPs || r.drawn.FLOPs*16 > dense.drawn.FLOPs*int64(r.drawn.NFE) {
			t.Errorf("%s: %d FLOPs for %d evaluations, dense %d", name, r.drawn.FLOPs, r.drawn.NFE, dense.drawn.FLOPs)
		}
		for _, s := range r.steps {
			kinds[s.Kind]++
			if s.Kind == trace.StepToken && (s.Kept == 0 || s.Kept != len(s.Tokens)) {
				t.Errorf("%s: step %d keeps %d tokens, lists %d", name, s.Step, s.Kept, len(s.Tokens))
			}
			if s.Step > 3 && s.Step < 15 && (s.Criterion == nil || s.Why == "" || len(s.Unstable) != 36 || len(s.Window) != 2) {
				t.Errorf("%s: step %d says %+v", name, s.Step, s)
			}
		}
		if again := drawn(t, g, methods); !slices.Equal(again.picture.Latent, r.picture.Latent) {
			t.Errorf("%s: the same again is another picture", name)
		}
		if again := drawn(t, g, nil); !slices.Equal(again.picture.Latent, dense.picture.Latent) {
			t.Errorf("%s: dense after SADA is another picture", name)
		}
	}
	for _, kind := range []string{trace.StepFull, trace.StepToken, trace.StepSkip, trace.StepLagrange} {
		if kinds[kind] == 0 {
			t.Errorf("no step of kind %s in %v", kind, kinds)
		}
	}
}

func TestStepCache(t *testing.T) {
	m := tiny(t, open(t, "ref"))
	r := drawn(t, begun(t, m, request(7)), stack(t, m, "stepcache,interval=3"))
	if r.drawn.NFE != 3 || r.count(trace.StepSkip) != 4 || r.steps[1].Why == "" || r.drawn.CacheBytes != 0 {
		t.Errorf("%+v", r.drawn)
	}
}

// TestWrongDecisions end the run with a sentence that names the method or the step.
func TestWrongDecisions(t *testing.T) {
	m := tiny(t, open(t, "ref"))
	n := 3 * edge * edge
	filled := func(v float32) []float32 { return slices.Repeat([]float32{v}, n) }
	for says, step := range map[string]pruning.Step{
		"no denoising action":  {Action: "dream"},
		"of 1728 numbers":      {Action: pruning.SkipStep, Output: []float32{1}},
		"not 1728 and 1728":    {Action: pruning.SkipStep, Output: filled(0), Clean: filled(0)},
		"not 0 and 0":          {Action: pruning.Extrapolate},
		"keeps no token":       {Action: pruning.RunTokens},
		"has been stored":      {Action: pruning.RunTokens, Rows: []int{1}},
		"step 2":               {Action: pruning.SkipStep, Clean: filled(float32(math.NaN()))},
		"the state after step": {Action: pruning.SkipStep, Output: filled(float32(math.Inf(1)))},
	} {
		method := &scripted{say: func(next int, s pruning.Seen) *pruning.Step {
			if next == 2 {
				return &step
			}
			return nil
		}}
		_, e, err := begun(t, m, request(4)).Run(context.Background(), method.stack(), "x", func(trace.Event) {})
		if err == nil || !strings.Contains(err.Error(), says) || e.Image != nil {
			t.Errorf("%v, want %q", err, says)
		}
	}
	twice := &scripted{say: func(int, pruning.Seen) *pruning.Step { return &pruning.Step{Action: pruning.RunStep} }}
	if err := m.Admit(request(4), append(twice.stack(), twice.stack()...)); err == nil || !strings.Contains(err.Error(), "decided about the next step already") {
		t.Errorf("two methods decide: %v", err)
	}
}

// stopping cancels a context within the n-th program that runs from now on.
type stopping struct {
	compute.Backend
	left   int
	cancel func()
}

type stoppingProgram struct {
	compute.Program
	b *stopping
}

func (b *stopping) Compile(g *compute.Graph) (compute.Program, error) {
	p, err := b.Backend.Compile(g)
	return stoppingProgram{p, b}, err
}

func (p stoppingProgram) Run(ctx context.Context, in ...compute.Binding) error {
	if p.b.left--; p.b.left == 0 {
		p.b.cancel()
	}
	return p.Program.Run(ctx, in...)
}

func TestCancelEndsWithinTheEvaluation(t *testing.T) {
	onEach(t, func(t *testing.T, be compute.Backend) {
		b := &stopping{Backend: be, cancel: func() {}}
		m := tiny(t, b)
		g := begun(t, m, request(6))
		dense := drawn(t, g, nil)
		ctx, cancel := context.WithCancel(context.Background())
		b.left, b.cancel = 3, cancel
		steps := 0
		p, e, err := g.Run(ctx, nil, "x", func(e trace.Event) {
			if _, ok := e.(trace.Denoised); ok {
				steps++
			}
		})
		if !errors.Is(err, compute.ErrCancelled) || p != nil || e.Image != nil || e.Ended != "cancelled" || e.NFE != 2 || steps != 2 {
			t.Errorf("cancelled in the third evaluation: %v, %d steps, %+v", err, steps, e)
		}
		if r := drawn(t, g, nil); !slices.Equal(r.picture.Latent, dense.picture.Latent) {
			t.Error("the drawing after a cancelled one is another")
		}
		// Between evaluations, and before the first.
		ctx, cancel = context.WithCancel(context.Background())
		_, e, err = g.Run(ctx, nil, "x", func(trace.Event) { cancel() })
		if !errors.Is(err, compute.ErrCancelled) || e.Ended != "cancelled" || e.NFE != 0 {
			t.Errorf("cancelled before the first step: %v, %+v", err, e)
		}
		if _, _, err := m.Begin(ctx, request(3)); !errors.Is(err, compute.ErrCancelled) {
			t.Errorf("cancelled while the text was encoded: %v", err)
		}
	})
}

func ExampleModel_Admit() {
	err := (&Model{}).Admit(trace.Draw{Steps: 0}, nil)
	fmt.Println(err)
	// Output: 0 denoising steps: choose 1 to 1000
}
