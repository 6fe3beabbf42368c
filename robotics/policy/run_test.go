package policy

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
	"winnow/pruning"
	"winnow/pruning/cogvla"
	"winnow/robotics/policy/language"
)

// modes are the policies of the package's table, and OpenVLA-OFT with FiLM.
func modes(t *testing.T) map[string]struct {
	config Config
	opt    Options
} {
	stage1 := small
	stage1.Language.Routers, stage1.Language.FiLM, stage1.Schedule = nil, false, ""
	film := dense() // OpenVLA-OFT+
	for i := range film.Vision {
		film.Vision[i].Wrapped, film.Vision[i].Language = true, film.Language.Hidden
	}
	return map[string]struct {
		config Config
		opt    Options
	}{"OFT+": {film, Options{}}, "OFT": {dense(), Options{}}, "stage 1": {stage1, Options{}}, "CogVLA": {small, Options{Method: routing(t, small)}}}
}

// TestBackendsAgree: ggml and plain Go give the same actions in all modes.
func TestBackendsAgree(t *testing.T) {
	for name, m := range modes(t) {
		want := act(t, made(t, m.config, computetest.Open(t, "ref")), look(m.config), m.opt)
		got := act(t, made(t, m.config, computetest.Open(t, "cpu")), look(m.config), m.opt)
		if e := computetest.Apart(flat(got.Normalised), flat(want.Normalised)); e > 1e-4 {
			t.Errorf("%s: the backends differ by %.2g", name, e)
		}
		if !slices.Equal(got.Kept(), want.Kept()) {
			t.Errorf("%s: the backends keep %v and %v", name, got.Kept(), want.Kept())
		}
	}
}

// TestHalvesAreClose: a checkpoint in bfloat16, as released ones are, acts as in float32, nearly.
func TestHalvesAreClose(t *testing.T) {
	c := dense() // no row can be kept by one and not by the other
	m := noise(c)
	for _, x := range m {
		v, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		if x.Data, err = checkpoint.Quantize(checkpoint.BF16, v); err != nil {
			t.Fatal(err)
		}
		x.Type = checkpoint.BF16
	}
	want := flat(act(t, made(t, c, computetest.Open(t, "ref")), look(c), Options{}).Normalised)
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		p, err := New(c, m, be, tensors.AsStored)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		p.Statistics = stats(c)
		if e := computetest.Apart(flat(act(t, p, look(c), Options{}).Normalised), want); p.Set.Main != compute.BF16 || e > 0.05 {
			t.Errorf("stored as %v, the actions are off by %.2g", p.Set.Main, e)
		}
	})
}

// TestWhatAViewShows: maps, gate, grid and mask of a run have the sizes and sums that they must.
func TestWhatAViewShows(t *testing.T) {
	for name, m := range modes(t) {
		c := m.config
		r := act(t, made(t, c, computetest.Open(t, "ref")), look(c), m.opt)
		if len(r.Actions) != c.Chunk || len(r.Actions[0]) != c.Action {
			t.Errorf("%s: %d actions of %d", name, len(r.Actions), len(r.Actions[0]))
		}
		if c.Gated != (r.Gate != nil) || c.Gated && math.Abs(float64(r.Gate[0]+r.Gate[1])-1) > 1e-6 {
			t.Errorf("%s: the gate is %v", name, r.Gate)
		}
		for i := range c.Images {
			for e := range 2 {
				looked := r.LookedAt(i, e)
				if (looked != nil) != (c.Vision[e].Aggregation > 0) {
					t.Errorf("%s: picture %d is looked at %v", name, i, looked)
				}
				var sum float64
				for _, v := range looked {
					sum += float64(v)
				}
				if looked != nil && !(len(looked) == 9 && sum > 0 && sum < 1) {
					t.Errorf("%s: attention to %d patches sums to %v", name, len(looked), sum)
				}
			}
		}
		kept, prob := r.Grid()
		visual := c.Visual()
		if len(kept) != c.Language.Layers*visual || len(prob) != len(kept) {
			t.Fatalf("%s: a grid of %d and %d cells", name, len(kept), len(prob))
		}
		for l, n := range r.Kept() {
			want := visual
			if name == "CogVLA" && l >= 2 {
				want = visual / 2
			}
			count := 0
			for i := range visual {
				if kept[l*visual+i] {
					count++
				}
				if p := prob[l*visual+i]; r.Layers[l].Routed && name == "CogVLA" != (p > 0 && p < 1) {
					t.Errorf("%s: layer %d, row %d has probability %v", name, l, i, p)
				}
			}
			if n != want || count != want {
				t.Errorf("%s: layer %d keeps %d (grid %d), want %d", name, l, n, count, want)
			}
			rows, sees := r.Mask(l)
			if rows != r.Frame.Rows-visual+want || len(sees) != rows*rows || sees[1] != c.Bidirectional || !sees[rows*rows-2] || !sees[rows*(rows-2)+rows-1] {
				t.Errorf("%s: layer %d has a mask of %d rows", name, l, rows)
			}
		}
	}
}

// TestFullRatioIsNoMethod: with all rows kept the method changes nothing; a plain run differs.
func TestFullRatioIsNoMethod(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		p := made(t, small, be)
		none := flat(act(t, p, look(small), Options{}).Normalised)
		all := act(t, p, look(small), Options{Method: &cogvla.CogVLA{Schedule: "deep_all", Average: 1, Max: 1, Span: 32}})
		if e := computetest.Apart(flat(all.Normalised), none); e > 1e-5 {
			t.Errorf("keeping all rows differs by %.2g", e)
		}
		if e := computetest.Apart(flat(act(t, p, look(small), Options{Plain: true}).Normalised), none); e < 1e-3 {
			t.Errorf("leaving the routers out moves the actions by %.2g only", e)
		}
		half := act(t, p, look(small), Options{Method: routing(t, small)})
		if e := computetest.Apart(flat(half.Normalised), none); e < 1e-4 {
			t.Errorf("skipping half of the rows moves the actions by %.2g only", e)
		}
		again := act(t, p, look(small), Options{Method: routing(t, small)})
		if !slices.Equal(flat(again.Normalised), flat(half.Normalised)) {
			t.Error("the same run gives other actions")
		}
		both := true
		for own, opt := range map[bool]Options{true: {Bidirectional: new(bool)}, false: {Bidirectional: &both}} {
			if e := computetest.Apart(flat(act(t, p, look(small), opt).Normalised), none); own != (e == 0) {
				t.Errorf("the policy's own attention (%v) or the other moves the actions by %.2g", own, e)
			}
		}
	})
}

// TestPicturesPermute: exchanged pictures exchange their rows and maps, and nothing else of the input.
func TestPicturesPermute(t *testing.T) {
	p := made(t, small, computetest.Open(t, "ref"))
	o := look(small)
	rows := func(o Observation) ([]float32, *Result) {
		if err := p.ready(small.frame(len(o.Prompt), Options{})); err != nil {
			t.Fatal(err)
		}
		r := &Result{Config: small}
		x, err := p.embed(t.Context(), o, p.Statistics["toy"], r)
		if err != nil {
			t.Fatal(err)
		}
		return x, r
	}
	a, ra := rows(o)
	o.Pictures[0], o.Pictures[1] = o.Pictures[1], o.Pictures[0]
	b, rb := rows(o)
	d, n := small.Language.Hidden, small.Vision[0].Out()
	at := func(x []float32, from, to int) []float32 { return x[from*d : to*d] }
	if !slices.Equal(at(a, 1, 1+n), at(b, 1+n, 1+2*n)) || !slices.Equal(at(a, 1+n, 1+2*n), at(b, 1, 1+n)) || slices.Equal(at(a, 1, 1+n), at(b, 1, 1+n)) {
		t.Error("the pictures' rows are not exchanged")
	}
	if !slices.Equal(at(a, 0, 1), at(b, 0, 1)) || !slices.Equal(at(a, 1+2*n, small.frame(5, Options{}).Rows), at(b, 1+2*n, small.frame(5, Options{}).Rows)) {
		t.Error("other rows changed")
	}
	if !slices.Equal(ra.Attention[0][1], rb.Attention[1][1]) || !slices.Equal(ra.Gate, rb.Gate) {
		t.Error("the maps are not exchanged, or the gate changed")
	}
}

// TestTheInstructionDecides: another prompt moves gate, maps, routing and actions.
func TestTheInstructionDecides(t *testing.T) {
	p := made(t, small, computetest.Open(t, "ref"))
	o := look(small)
	a := act(t, p, o, Options{Method: routing(t, small)})
	o.Prompt = []int{1, 3, 25, 9, 20}
	b := act(t, p, o, Options{Method: routing(t, small)})
	_, pa := a.Grid()
	_, pb := b.Grid()
	from := 2 * small.Visual() // the first routed layer
	if computetest.Apart(a.Gate, b.Gate) < 1e-4 || computetest.Apart(a.Attention[0][0], b.Attention[0][0]) < 1e-4 ||
		computetest.Apart(pa[from:], pb[from:]) < 1e-4 || computetest.Apart(flat(a.Actions), flat(b.Actions)) < 1e-4 {
		t.Error("another instruction changes little")
	}
}

// asks is a method that asks and decides what it is told.
type asks struct {
	request pruning.Request
	answer  pruning.Decision
	err     error
}

func (a asks) Requests(pruning.Model) ([]pruning.Request, error) {
	return []pruning.Request{a.request}, a.err
}
func (a asks) Decide(pruning.Seen) (pruning.Outcome, error) {
	return pruning.Outcome{Decisions: []pruning.Decision{a.answer}}, nil
}
func (a asks) Claims(pruning.Model) []pruning.Claim { return nil }

func TestBadRunsAreNamed(t *testing.T) {
	p := made(t, small, computetest.Open(t, "ref"))
	site := func(layer int) pruning.Request {
		return pruning.Request{Site: pruning.Site{Phase: pruning.Act, Layer: layer}}
	}
	probed := site(0)
	probed.Probes = []pruning.Probe{{What: pruning.Router, Layer: 1}}
	attention := site(1)
	attention.Probes = []pruning.Probe{{What: pruning.Attention, Layer: 1}}
	decode := site(1)
	decode.Site.Phase = pruning.Decode
	skip := func(rows []int, from, to int) asks {
		return asks{request: site(1), answer: &pruning.Skip{Rows: rows, From: from, To: to, Positions: pruning.Renumbered}}
	}
	for says, change := range map[string]func(o *Observation, opt *Options){
		"1 pictures":                        func(o *Observation, _ *Options) { o.Pictures = o.Pictures[:1] },
		"picture 2 has 11×12 pixels":        func(o *Observation, _ *Options) { o.Pictures = slices.Clone(o.Pictures); o.Pictures[1].W = 11 },
		"the prompt has 1 tokens":           func(o *Observation, _ *Options) { o.Prompt = o.Prompt[:1] },
		"token 99 lies outside":             func(o *Observation, _ *Options) { o.Prompt = []int{1, 99} },
		"the robot's state has 2 numbers":   func(o *Observation, _ *Options) { o.State = o.State[:2] },
		"number 2 of the robot's state is":  func(o *Observation, _ *Options) { o.State = []float64{0, math.NaN(), 0} },
		`data set "other"; choose from to`:  func(o *Observation, _ *Options) { o.DataSet = "other" },
		"choose one of the two":             func(_ *Observation, opt *Options) { opt.Plain, opt.Method = true, routing(t, small) },
		"layer 1 has no router":             func(_ *Observation, opt *Options) { opt.Method = asks{request: probed} },
		"attention of layer 1 is not shown": func(_ *Observation, opt *Options) { opt.Method = asks{request: attention} },
		"is not one of a policy's":          func(_ *Observation, opt *Options) { opt.Method = asks{request: decode} },
		"cannot serve it":                   func(_ *Observation, opt *Options) { opt.Method = asks{err: errors.New("cannot serve it")} },
		"a decision to drop":                func(_ *Observation, opt *Options) { opt.Method = asks{request: site(1), answer: &pruning.Drop{}} },
		"rows would skip layers 1 to 2":     func(_ *Observation, opt *Options) { opt.Method = skip([]int{1}, 1, 2) },
		"rows would skip layers 2 to 5":     func(_ *Observation, opt *Options) { opt.Method = skip([]int{1}, 2, 5) },
		"row 0 would skip layer 2":          func(_ *Observation, opt *Options) { opt.Method = skip([]int{0}, 2, 2) },
	} {
		o, opt := look(small), Options{}
		change(&o, &opt)
		if _, err := p.Run(t.Context(), o, opt); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Run(cancelled, look(small), Options{}); !errors.Is(err, compute.ErrCancelled) {
		t.Errorf("a cancelled run returns %v", err)
	}
	act(t, p, look(small), Options{Method: skip([]int{1, 3}, 2, 4)}) // after all that it still runs
}

// TestActionsThatAreNoNumbers: weights that overflow give an error and no action.
func TestActionsThatAreNoNumbers(t *testing.T) {
	for name, says := range map[string]string{
		"action_head.model.fc2.weight":                   "number 1 of action 1 came out as",
		language.LayerPrefix(2) + "router.router.weight": "router scores of layer 2 is not a number at row 0",
	} {
		m := noise(small)
		v, err := m[name].Float32()
		if err != nil {
			t.Fatal(err)
		}
		for i := range v {
			v[i] = float32(math.Copysign(math.MaxFloat32, float64(v[i])))
		}
		m.Put(name, v, m[name].Dims[1], m[name].Dims[0])
		p, err := New(small, m, computetest.Open(t, "ref"), tensors.Exact)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		p.Statistics = stats(small)
		r, err := p.Run(t.Context(), look(small), Options{Method: routing(t, small)})
		if r != nil || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want %q", name, err, says)
		}
	}
}
