package cliptext

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/golden"
	"winnow/internal/tensors"
)

// tolerance bounds the largest error in units of the reference's root mean square; transformers'
// own float32 run is 6e-6 off the float64 one that is recorded.
const tolerance = 1e-5

// TestGoldenHF compares every recorded result with transformers', for the checkpoints in testdata
// and those under $WINNOW_GOLDEN_HF.
func TestGoldenHF(t *testing.T) {
	for _, folder := range []string{"clip-text-l", "clip-text-g"} {
		for name, path := range golden.HF(t, folder) {
			t.Run(folder+"/"+name, func(t *testing.T) {
				computetest.OnEach(t, func(t *testing.T, be compute.Backend) { goldenCase(t, be, path) })
			})
		}
	}
}

func goldenCase(t *testing.T, be compute.Backend, path string) {
	e, err := Load(filepath.Dir(filepath.Dir(path)), be, tensors.Exact)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	e.watch = true
	st, err := checkpoint.OpenSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	var info struct {
		Tensors map[string]struct{ Shape []int }
	}
	data, err := os.ReadFile(strings.TrimSuffix(path, ".safetensors") + ".json")
	if err == nil {
		err = json.Unmarshal(data, &info)
	}
	if err != nil {
		t.Fatal(err)
	}
	ids, masks := integers(st, "in.input_ids"), integers(st, "in.attention_mask")
	n := info.Tensors["in.input_ids"].Shape[1]
	got := map[string][]float32{}
	add := func(name string, v []float32) { got[name] = append(got[name], v...) }
	for at := 0; at < len(ids); at += n {
		prompt := ids[at : at+n]
		var mask [][]bool
		if masks != nil {
			open := make([]bool, n)
			for i, v := range masks[at : at+n] {
				open[i] = v != 0
			}
			mask = [][]bool{open}
		}
		out, err := e.Encode(context.Background(), [][]int{prompt}, mask)
		if err != nil {
			t.Fatal(err)
		}
		add("out.last_hidden_state", out[0].Last)
		add("out.pooler_output", out[0].Pooled)
		add("out.text_embeds", out[0].Projected)
		x, err := e.embed(prompt)
		if err != nil {
			t.Fatal(err)
		}
		add("mid.embeddings", x)
		add("out.hidden_states.0", x)
		p := e.programs[n]
		for name, w := range p.watched {
			v := make([]float32, w.Shape.Elements())
			if err := p.ReadFloats(w, v); err != nil {
				t.Fatal(err)
			}
			add("mid."+name, v)
		}
	}
	for i := range e.Config.Layers {
		got[fmt.Sprintf("out.hidden_states.%d", i+1)] = got[fmt.Sprintf("mid.encoder.layers.%d", i)]
	}
	compared := 0
	for name := range info.Tensors {
		if strings.HasPrefix(name, "in.") {
			continue
		}
		x, ok := st.Tensor(name)
		if !ok {
			t.Fatalf("the case has no %s", name)
		}
		want, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		have := got[strings.Replace(name, "mid.text_model.", "mid.", 1)]
		if len(have) != len(want) {
			t.Errorf("%s: %d numbers, want %d", name, len(have), len(want))
			continue
		}
		if e := computetest.Worst(have, want); e > tolerance {
			t.Errorf("%s is off by %.2g of its size", name, e)
		}
		compared++
	}
	if compared == 0 {
		t.Error("the case records nothing")
	}
}

func integers(st *checkpoint.Safetensors, name string) []int {
	x, ok := st.Tensor(name)
	if !ok {
		return nil
	}
	out := make([]int, x.Elements())
	for i := range out {
		out[i] = int(int64(binary.LittleEndian.Uint64(x.Data[8*i:])))
	}
	return out
}
