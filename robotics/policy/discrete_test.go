package policy

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
	"winnow/robotics/policy/language"
	"winnow/vision/preprocess"
)

// spoken is what assets/train-robot/fixture.py writes: an observation, and what PyTorch says of it.
type spoken struct {
	Suite, Instruction   string
	Side                 int
	Prompt, Kept, Tokens []int
	State                []float64
	Pictures             [][]byte
	Logits               []byte
	Normalised, Actions  [][]float64
}

func (s spoken) observation() Observation {
	o := Observation{Prompt: s.Prompt, State: s.State, DataSet: s.Suite}
	for _, p := range s.Pictures {
		o.Pictures = append(o.Pictures, preprocess.Bytes{Pix: p, W: s.Side, H: s.Side})
	}
	return o
}

const speaker = "autoregressive" // its folder in testdata

// TestTokensAsPyTorch: the exported policy in testdata, and the one in $WINNOW_ROBOT_POLICY if it is
// of this kind, says in Go, over the cache, what it says in PyTorch: all scores of each token, the
// tokens, and the action that they mean.
func TestTokensAsPyTorch(t *testing.T) {
	for _, dir := range []string{filepath.Join("testdata", speaker), os.Getenv("WINNOW_ROBOT_POLICY")} {
		var want spoken
		if dir != "" {
			readJSON(t, filepath.Join(dir, "reference.json"), &want)
		}
		if len(want.Tokens) > 0 {
			t.Run(filepath.Base(dir), func(t *testing.T) { speaks(t, dir, want) })
		}
	}
}

func speaks(t *testing.T, dir string, want spoken) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		p, err := Open(dir, be, tensors.Exact)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if ids, err := p.Encode(want.Instruction); err != nil || !slices.Equal(ids, want.Prompt) {
			t.Fatalf("%q becomes %v, want %v (%v)", want.Instruction, ids, want.Prompt, err)
		}
		c := p.Config
		if c.Bins != 256 || c.Padding != 0 || c.Chunk != 1 || c.Action != 4 || c.Proprio != 4 || c.Bidirectional || c.HeadWidth != 0 {
			t.Fatalf("the checkpoint is read as %+v", c)
		}
		r := act(t, p, want.observation(), Options{})
		if !slices.Equal(r.Tokens, want.Tokens) || !slices.Equal(r.Kept(), want.Kept) {
			t.Errorf("it says %v and keeps %v, want %v and %v", r.Tokens, r.Kept(), want.Tokens, want.Kept)
		}
		logits := make([]float32, len(want.Logits)/4)
		if _, err := binary.Decode(want.Logits, binary.LittleEndian, logits); err != nil {
			t.Fatal(err)
		}
		if e := computetest.Apart(slices.Concat(r.Logits...), logits); e > 1e-4 {
			t.Errorf("the scores are off by %.2g", e)
		}
		if e := computetest.Apart(flat(r.Normalised), flat(want.Normalised)); e > 1e-7 {
			t.Errorf("the action is %v, want %v", r.Normalised, want.Normalised)
		}
		if e := computetest.Apart(flat(r.Actions), flat(want.Actions)); e > 1e-6 {
			t.Errorf("in the robot's units the action is %v, want %v", r.Actions, want.Actions)
		}
		o := want.observation()
		o.Pictures[0].Pix = bytes.Repeat([]byte{255}, len(o.Pictures[0].Pix))
		if white := act(t, p, o, Options{}); computetest.Apart(slices.Concat(white.Logits...), logits) < 1e-3 {
			t.Error("a white picture leads to the same scores")
		}
	})
}

// sayer is OpenVLA's layout, little of it: no state, 5 numbers an action, ids that mean nothing.
func sayer() Config {
	c := dense()
	c.Bidirectional, c.Chunk, c.Images, c.Action, c.Proprio, c.HeadWidth = false, 1, 1, 5, 0, 0
	c.Bins, c.Padding, c.Language.Head, c.Language.KVHeads = 16, 4, true, 2
	c.Average = 0
	return c
}

// TestTheCacheIsAWholePass: token after token gives what a pass over all rows so far gives, and a
// second run what the first gave.
func TestTheCacheIsAWholePass(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		c := sayer()
		p := made(t, c, be)
		r := act(t, p, look(c), Options{})
		again := act(t, p, look(c), Options{})
		if !slices.EqualFunc(r.Logits, again.Logits, slices.Equal[[]float32]) {
			t.Error("a second run says something else")
		}
		x, err := p.embed(t.Context(), look(c), p.Statistics["toy"], &Result{})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range r.Logits {
			f := c.frame(5, Options{})
			f.Rows += i
			s, err := p.language.NewCausal(f, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			said, err := s.Begin(t.Context(), x)
			if err != nil {
				t.Fatal(err)
			}
			if e := computetest.Apart(want, said.Logits); e > 1e-4 {
				t.Errorf("token %d: the scores are off by %.2g", i, e)
			}
			word, err := p.language.Words(r.Tokens[i : i+1])
			if err != nil {
				t.Fatal(err)
			}
			x = append(x, word...)
		}
		longer := look(c) // another length, another cache
		longer.Prompt = append(longer.Prompt, 3, 4)
		if e := computetest.Apart(act(t, p, longer, Options{}).Logits[0], r.Logits[0]); e < 1e-3 {
			t.Error("two more tokens in the prompt change nothing")
		}
	})
}

// TestBins: the values of OpenVLA's bin centres; what is no bin means the nearest one.
func TestBins(t *testing.T) {
	c := Config{Bins: 256, Padding: 64, Language: language.Config{Vocabulary: 32064}}
	for id, want := range map[int]float64{31999: -254. / 255, 31998: -252. / 255, 31872: 0, 31745: 254. / 255, 31744: 254. / 255, 5: 254. / 255, 32063: -254. / 255} {
		if got := c.Value(id); math.Abs(got-want) > 1e-12 {
			t.Errorf("token %d means %v, want %v", id, got, want)
		}
	}
}

// TestOpenVLAIsRecognised by its tensors: without winnow's own keys, and not for the shards of
// OpenVLA-OFT or CogVLA, which have an lm_head, too.
func TestOpenVLAIsRecognised(t *testing.T) {
	c := sayer()
	read := func(m computetest.Tensors, change func(f *configFile)) (Config, error) {
		f := newConfigFile()
		text := &f.Text
		text.Hidden, text.Layers, text.Heads, text.KVHeads, text.Inner, text.Vocabulary = 32, 5, 4, 2, 48, 30
		two := struct {
			Heads int `json:"num_heads"`
		}{2}
		f.Args = append(f.Args, two, two)
		f.Bins, f.Padding, f.Policy.Action = 16, 4, 5
		change(&f)
		return f.detect(m)
	}
	got, err := read(noise(c), func(*configFile) {})
	if a, b := text(t, got), text(t, c); err != nil || a != b {
		t.Errorf("read as\n%s, want\n%s (%v)", a, b, err)
	}
	state := c
	state.Proprio = 3
	yes := true
	for says, try := range map[string]struct {
		m      computetest.Tensors
		change func(f *configFile)
	}{
		"has no L1 action head":                    {noise(state), func(*configFile) {}},
		"no L1 action head":                        {noise(c), func(f *configFile) { f.Policy.Variant = "dense" }},
		"use_aggr = true, its vision encoders say": {noise(c), func(f *configFile) { f.UseAggr = &yes }},
		"nothing tells how many numbers an action": {noise(c), func(f *configFile) { f.Policy.Action = 0 }},
		"n_action_bins = 1;":                       {noise(c), func(f *configFile) { f.Bins = 1 }},
		"16 bins (n_action_bins) and 15 ids":       {noise(c), func(f *configFile) { f.Padding = 15 }},
		"-1 ids of padding":                        {noise(c), func(f *configFile) { f.Padding = -1 }},
	} {
		if _, err := read(try.m, try.change); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	if w := width(map[string]Statistics{"a": stats(c)["toy"], "b": stats(c)["toy"]}); w != 5 {
		t.Errorf("actions of %d numbers in all statistics", w)
	}
	if w := width(map[string]Statistics{"a": stats(c)["toy"], "b": stats(small)["toy"]}); w != 0 {
		t.Errorf("statistics that differ say %d numbers", w)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestCostOfTokens counts prompt and tokens by hand, at OpenVLA's true shapes: 256 patches, one
// picture, 7 tokens, of which the last is never read.
func TestCostOfTokens(t *testing.T) {
	c := seven()
	for i := range c.Vision {
		c.Vision[i].Wrapped, c.Vision[i].Language, c.Vision[i].Aggregation = false, 0, 0
	}
	c.Gated, c.Schedule, c.Language.Routers, c.Language.FiLM = false, "", nil, false
	c.Images, c.Chunk, c.Action, c.Proprio, c.HeadWidth, c.Bins, c.Padding, c.Language.Head = 1, 1, 7, 0, 0, 256, 64, true
	const prompt = 34
	r, err := Count(c, prompt, Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := c.Language
	weights := int64(l.Layers) * int64(4*l.Hidden*l.Hidden+3*l.Hidden*l.Inner)
	head := 2 * int64(l.Hidden) * int64(l.Vocabulary)
	pass := func(rows, keys int64) int64 {
		return 2*rows*weights + 4*rows*keys*int64(l.Hidden)*int64(l.Layers) + head
	}
	var decode int64
	const rows, filled = 256 + prompt, 292 // the prompt's keys are filled up to a multiple of 4
	for i := range int64(6) {
		decode += pass(1, rows+1+i)
	}
	if r.LanguageCost.FLOPs != pass(rows, filled) || r.DecodeCost.FLOPs != decode || r.Cost().FLOPs != r.VisionCost.FLOPs+r.LanguageCost.FLOPs+decode {
		t.Errorf("%d and %d FLOPs, by hand %d and %d", r.LanguageCost.FLOPs, r.DecodeCost.FLOPs, pass(rows, filled), decode)
	}
	if got := c.Tokens(make([]int, prompt)); len(got) != rows+7 {
		t.Errorf("%d tokens are described", len(got))
	}
}
