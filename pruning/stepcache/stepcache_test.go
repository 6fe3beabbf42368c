package stepcache

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

// run drives a schedule; network output at step i is i everywhere. It returns what each step used.
func run(t *testing.T, params map[string]string, steps int) []float32 {
	t.Helper()
	m, _, err := pruning.New(pruning.Spec{Name: "stepcache", Params: params})
	if err != nil {
		t.Fatal(err)
	}
	requests, err := m.Requests(pruning.Model{})
	if err != nil {
		t.Fatal(err)
	}
	var used []float32
	var step *pruning.Step
	for i := range steps {
		out := []float32{float32(i), float32(i)}
		if step != nil && step.Action == pruning.SkipStep {
			out = step.Output
		}
		used = append(used, out[0])
		step = nil
		for _, r := range requests {
			site := r.Site
			site.Step = i
			values := map[pruning.Probe]pruning.Matrix{r.Probes[0]: {Rows: 1, Cols: 2, Data: slices.Clone(out)}}
			seen := pruning.NewSeen(site, pruning.Model{}, make([]pruning.Token, 1), values)
			seen.Denoising = &pruning.Denoising{Steps: steps}
			o, err := m.Decide(seen)
			if err != nil {
				t.Fatal(err)
			}
			values[r.Probes[0]].Data[0] = -1 // the next step may overwrite it
			if len(o.Decisions) == 0 {
				if i+1 < steps {
					t.Fatalf("step %d is not decided", i+1)
				}
				continue
			}
			step = o.Decisions[0].(*pruning.Step)
			if step.Store || step.Rule == "" || step.Clean != nil {
				t.Errorf("step %d: %+v", i+1, step)
			}
		}
	}
	return used
}

func TestEveryFewSteps(t *testing.T) {
	for _, c := range []struct {
		params map[string]string
		want   []float32
	}{
		{map[string]string{"interval": "1"}, []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{nil, []float32{0, 0, 2, 2, 4, 4, 6, 6, 8, 8}},
		{map[string]string{"interval": "3"}, []float32{0, 0, 0, 3, 3, 3, 6, 6, 6, 9}},
		{map[string]string{"interval": "3", "from": "2", "to": "8"}, []float32{0, 1, 2, 2, 2, 5, 5, 5, 8, 9}},
		{map[string]string{"interval": "99", "to": "4"}, []float32{0, 0, 0, 0, 4, 5, 6, 7, 8, 9}},
	} {
		if got := run(t, c.params, 10); !slices.Equal(got, c.want) {
			t.Errorf("%v: steps use the outputs of %v, want %v", c.params, got, c.want)
		}
	}
}

func TestNeutralSettingIsDense(t *testing.T) {
	m := &StepCache{Interval: 1}
	if r, err := m.Requests(pruning.Model{}); r != nil || err != nil || m.Claims(pruning.Model{}) != nil {
		t.Errorf("interval 1 asks for %v (%v) and claims %v", r, err, m.Claims(pruning.Model{}))
	}
}

func TestBrokenNumbersNameTheStep(t *testing.T) {
	m := &StepCache{Interval: 2}
	site := pruning.DenoiseSite
	site.Step = 4
	seen := pruning.NewSeen(site, pruning.Model{}, nil, map[pruning.Probe]pruning.Matrix{
		noiseProbe: {Rows: 1, Cols: 1, Data: []float32{float32(math.NaN())}}})
	if _, err := m.Decide(seen); err == nil {
		t.Error("no schedule is no error")
	}
	seen.Denoising = &pruning.Denoising{Steps: 20}
	if _, err := m.Decide(seen); err == nil || !strings.Contains(fmt.Sprint(err), "denoising step 4 of 20") {
		t.Errorf("error %v", err)
	}
}
