package policy

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
	"winnow/vision/preprocess"
)

// oracle is what testdata/make.py computed in float64.
type oracle struct {
	Pictures    [][]uint16 // bytes, which JSON would take for base64
	Prompt      []int
	State       []float64
	Normalised  [][]float64
	Kept        map[string][]int
	Probability map[string][]float64
	Gate        []float64
	Attention   [][][]float64
}

func (o oracle) observation(side int) Observation {
	out := Observation{Prompt: o.Prompt, State: o.State}
	for _, p := range o.Pictures {
		b := preprocess.Bytes{W: side, H: side}
		for _, v := range p {
			b.Pix = append(b.Pix, uint8(v))
		}
		out.Pictures = append(out.Pictures, b)
	}
	return out
}

// opened is a folder of testdata and what it does.
func opened(t *testing.T, folder string, be compute.Backend) (*Policy, oracle) {
	t.Helper()
	dir := filepath.Join("testdata", folder)
	p, err := Open(dir, be, tensors.Exact)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	var o oracle
	readJSON(t, filepath.Join(dir, "case.json"), &o)
	return p, o
}

// TestCheckpointsActAsTheFormulas: both kinds of checkpoint, opened as training leaves them, act as
// PyTorch does by the formulas: LoRA merged, prefixes taken off, every stage of the pass.
func TestCheckpointsActAsTheFormulas(t *testing.T) {
	for _, folder := range []string{"cogvla", "oft"} {
		t.Run(folder, func(t *testing.T) {
			computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
				p, o := opened(t, folder, be)
				sparse := folder == "cogvla"
				if p.Config.Gated != sparse || p.Config.Bidirectional == sparse || (p.Config.Schedule == "interleave") != sparse {
					t.Fatalf("the checkpoint is read as %+v", p.Config)
				}
				var opt Options
				if sparse {
					opt.Method = routing(t, p.Config)
				}
				r := act(t, p, o.observation(p.Config.Vision[0].Side()), opt)
				const tolerance = 1e-4 // of actions of about 1, through float32
				if e := computetest.Apart(flat(r.Normalised), flat(o.Normalised)); e > tolerance {
					t.Errorf("the actions are off by %.2g", e)
				}
				if e := computetest.Apart(r.Gate, o.Gate); e > 1e-5 {
					t.Errorf("the gate is off by %.2g", e)
				}
				for i, l := range r.Layers {
					name := string(rune('0' + i))
					want, routed := o.Kept[name]
					if routed != l.Routed {
						t.Errorf("layer %d is routed: %v", i, l.Routed)
					}
					if !routed {
						continue
					}
					if e := computetest.Apart(l.Probability, o.Probability[name]); e > 1e-4 {
						t.Errorf("layer %d: probabilities are off by %.2g", i, e)
					}
					for row := range r.Frame.Rows {
						if _, kept := slices.BinarySearch(want, row); kept == slices.Contains(l.Skipped, row) {
							t.Errorf("layer %d: row %d is kept: %v", i, row, !kept)
						}
					}
				}
				for i, maps := range o.Attention {
					for e, want := range maps {
						if d := computetest.Apart(r.Attention[i][e], want); d > 1e-5 {
							t.Errorf("picture %d, encoder %d: attention is off by %.2g", i, e, d)
						}
					}
				}
				action := p.Statistics["toy"].Action
				for i, u := range r.Normalised {
					if !slices.Equal(r.Actions[i], action.Unnormalise(u, false)) || r.Actions[i][2] != u[2] {
						t.Errorf("action %d is %v of %v", i, r.Actions[i], u)
					}
				}
			})
		})
	}
}

// TestLayoutIsTheCheckpoints: what Layout lists is in the folder, in the shape that it says.
func TestLayoutIsTheCheckpoints(t *testing.T) {
	for _, folder := range []string{"cogvla", "oft"} {
		dir := filepath.Join("testdata", folder)
		files, err := tensors.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		s := &source{main: files}
		if err := s.open(dir); err != nil {
			t.Fatal(err)
		}
		p, _ := opened(t, folder, computetest.Open(t, "ref"))
		list := p.Config.Layout()
		for _, n := range list {
			got := slices.Clone(dims(s, n.Name))
			slices.Reverse(got)
			if !slices.Equal(got, n.Shape) {
				t.Errorf("%s: %s has shape %v, want %v", folder, n.Name, got, n.Shape)
			}
		}
		if len(list) < 100 || s.err != nil {
			t.Errorf("%s: %d tensors (%v)", folder, len(list), s.err)
		}
	}
}

// TestTheConfigurationIsFoundAgain: a policy's shape is read off its tensors.
func TestTheConfigurationIsFoundAgain(t *testing.T) {
	for _, c := range []Config{small, dense()} {
		f := newConfigFile()
		text := &f.Text
		text.Hidden, text.Layers, text.Heads, text.Inner, text.Vocabulary = 32, 5, 4, 48, 30
		f.Args = append(f.Args, struct {
			Heads int `json:"num_heads"`
		}{2}, struct {
			Heads int `json:"num_heads"`
		}{2})
		f.Policy.Chunk, f.Policy.Images = 3, 2
		if c.Schedule != "" {
			yes := true
			text.LFP, text.Type, f.UseAggr = &yes, c.Schedule, &yes
		} else {
			c.Average = 0
		}
		got, err := f.detect(noise(c))
		if err != nil {
			t.Fatal(err)
		}
		if !same(got, c) {
			t.Errorf("%+v\nbecame\n%+v", c, got)
		}
	}
	seven := seven()
	f := newConfigFile()
	f.Text.Vocabulary = 32064
	f.Models = []string{"vit_large_patch14_reg4_dinov2.lvd142m", "vit_so400m_patch14_siglip_224"}
	yes, moe := true, "moe"
	f.Text.LFP, f.Aggregate = &yes, &moe
	got, err := f.detect(newSketch(seven))
	if err != nil || !same(got, seven) {
		t.Errorf("LIBERO's shapes became %+v (%v)", got, err)
	}
}

func same(a, b Config) bool {
	return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}
