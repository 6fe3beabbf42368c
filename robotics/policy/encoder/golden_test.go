package encoder

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	cases "winnow/internal/golden"
	"winnow/internal/tensors"
)

// TestGoldenHF compares both encoders with timm's, every block's output.
func TestGoldenHF(t *testing.T) {
	for _, folder := range []string{"timm-dinov2-reg4", "timm-siglip"} {
		for name, path := range cases.HF(t, folder) {
			t.Run(folder+"/"+name, func(t *testing.T) {
				computetest.OnEach(t, func(t *testing.T, be compute.Backend) { timm(t, be, path) })
			})
		}
	}
}

func timm(t *testing.T, be compute.Backend, path string) {
	dir := filepath.Dir(filepath.Dir(path))
	var config struct {
		Args struct {
			Heads int `json:"num_heads"`
		} `json:"model_args"`
		Pretrained struct{ Mean, Std []float32 } `json:"pretrained_cfg"`
	}
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	if err != nil {
		t.Fatal(err)
	}
	files, err := tensors.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	c, err := Detect(files, "", "", config.Args.Heads)
	if err != nil {
		t.Fatal(err)
	}
	l := tensors.NewLoader(files, be, tensors.Exact)
	e := Read(l, "", "", c)
	set, err := l.Done()
	if err != nil {
		t.Fatal(err)
	}
	defer set.Free()

	st, err := checkpoint.OpenSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	u8, _ := st.Tensor("pixel_values_u8")
	pixels, err := u8.Float32()
	if err != nil || len(pixels) != 3*c.Side()*c.Side() {
		t.Fatalf("%d pixels for a side of %d (%v)", len(pixels), c.Side(), err)
	}
	for i := range pixels {
		ch := i / (c.Side() * c.Side())
		pixels[i] = (pixels[i]/255 - config.Pretrained.Mean[ch]) / config.Pretrained.Std[ch]
	}
	g := compute.NewGraph()
	in := g.Input("patches", compute.F32, 3*c.Patch*c.Patch, c.Patches())
	var watched []*compute.Tensor
	out := e.Build(g, in, nil, func(x *compute.Tensor) { watched = append(watched, x) })
	if out.Attention != nil {
		t.Error("there are no aggregation vectors, but their attention")
	}
	got := run(t, be, g, append(watched, out.Rows), compute.In(in, c.Rows(pixels)))
	read := func(name string) []float32 {
		x, ok := st.Tensor(name)
		if !ok {
			return nil
		}
		v, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	const tolerance = 2e-5 // of numbers of about 1; timm's own float32 run is 2.5e-6 off its float64 one
	if d := computetest.Apart(got[len(got)-1], read("intermediate_depth_minus_2")); d > tolerance {
		t.Errorf("the output is off by %.2g", d)
	}
	if blocks := read("block_outputs"); blocks != nil {
		n := len(blocks) / (c.Blocks + 1)
		for i := range watched {
			if d := computetest.Apart(got[i], blocks[i*n:(i+1)*n]); d > tolerance {
				t.Errorf("after %d blocks the rows are off by %.2g", i, d)
			}
		}
	}
}

type golden struct {
	Case   string
	Params struct {
		Blocks int `json:"num_blocks"`
		Taken  int `json:"taken_block"`
		Heads  int
		Prefix int `json:"prefix_tokens_dino"`
		Grid   []int
		Agg    int `json:"num_agg"`
	}
	Inputs, Outputs map[string]cases.Array
	Tolerance       float64
}

// TestGolden runs the cases of aggregation and fusion in testdata and in $WINNOW_GOLDEN/cogvla. The
// tolerance is the case's, for numbers of its size, in float32.
func TestGolden(t *testing.T) {
	about := func(file string) bool { return strings.HasPrefix(file, "efa_") }
	cases.Each(t, "cogvla", about, func(t *testing.T, c golden) {
		computetest.OnEach(t, func(t *testing.T, be compute.Backend) { c.fuse(t, be) })
	})
}

// names are the checkpoint's for those of a case.
var names = strings.NewReplacer("mlp.0.", "mlp.fc1.", "mlp.2.", "mlp.fc2.", "dino_proj.0.", "featurizer_proj.fc1.",
	"dino_proj.2.", "featurizer_proj.fc2.", "siglip_proj.0.", "fused_featurizer_proj.fc1.",
	"siglip_proj.2.", "fused_featurizer_proj.fc2.", "router.router.", "aggregation_router.router.",
	"dino.blocks.", "vision_backbone.featurizer.blocks.", "siglip.blocks.", "vision_backbone.fused_featurizer.blocks.",
	"dino_agg", "vision_aggr_featurizer", "siglip_agg", "vision_aggr_fused_featurizer")

func (c golden) fuse(t *testing.T, be compute.Backend) {
	if c.Params.Taken != c.Params.Blocks-2 {
		t.Fatalf("the output is that of block %d of %d", c.Params.Taken, c.Params.Blocks)
	}
	m := computetest.Tensors{}
	for name, a := range c.Inputs {
		m.Put(names.Replace(name), a.Floats(), a.Shape...)
	}
	words := c.Inputs["language_embeddings"]
	d := words.Shape[2]
	mean := make([]float32, d)
	for i, v := range words.Data {
		mean[i%d] += float32(v / float64(words.Shape[1]))
	}
	l := tensors.NewLoader(m, be, tensors.Exact)
	g := compute.NewGraph()
	language := g.Input("language", compute.F32, d)
	in := []compute.Binding{compute.In(language, mean)}
	var rows [2]*compute.Tensor
	var widths [2]int
	var maps []*compute.Tensor
	for i, name := range []string{"dino", "siglip"} {
		tokens := c.Inputs[name+"_tokens"]
		prefix, agg := "vision_backbone.featurizer.", "vision_aggr_featurizer"
		cfg := Config{Grid: c.Params.Grid[0], Patch: 1, Width: tokens.Shape[2], Inner: c.Inputs[name+".blocks.0.block.mlp.0.bias"].Shape[0],
			Blocks: c.Params.Blocks, Heads: c.Params.Heads, Registers: c.Params.Prefix, Wrapped: true, Language: d, Aggregation: c.Params.Agg}
		if i == 1 {
			prefix, agg, cfg.Registers = "vision_backbone.fused_featurizer.", "vision_aggr_fused_featurizer", 0
		}
		// The case begins after the patches, so their weights are made up.
		m.Put(prefix+"patch_embed.proj.weight", make([]float32, 3*cfg.Width), cfg.Width, 3, 1, 1)
		m.Put(prefix+"pos_embed", make([]float32, cfg.Width*cfg.Patches()), 1, cfg.Patches(), cfg.Width)
		m.Put(prefix+"reg_token", make([]float32, cfg.Width*cfg.Registers), 1, cfg.Registers, cfg.Width)
		e := Read(l, prefix, agg, cfg)
		x := g.Input(name, compute.F32, cfg.Width, tokens.Shape[1])
		in = append(in, compute.In(x, tokens.Floats()))
		out := e.run(g, x, language, nil)
		rows[i], widths[i] = out.Rows, cfg.Width
		maps = append(maps, out.Attention)
	}
	f := ReadFusion(l, true, widths, d)
	gate := f.Gate(g, language)
	fused := f.Build(g, rows, gate)
	set, err := l.Done()
	if err != nil {
		t.Fatal(err)
	}
	defer set.Free()
	got := run(t, be, g, append([]*compute.Tensor{rows[0], rows[1], gate, fused}, maps...), in...)
	for i, name := range []string{"dino_agg_out", "siglip_agg_out", "gate", "fused"} {
		want := c.Outputs[name].Data
		size := 1.0
		for _, v := range want {
			size = max(size, math.Abs(v))
		}
		if d := computetest.Apart(got[i], want); d > c.Tolerance*size {
			t.Errorf("%s is off by %.2g", name, d)
		}
	}
	for _, m := range got[4:] {
		for a := range c.Params.Agg {
			var sum float64
			for _, v := range m[a*len(m)/c.Params.Agg : (a+1)*len(m)/c.Params.Agg] {
				sum += float64(v)
			}
			if !(sum > 0 && sum < 1) { // the rest goes to the prefix and the vectors themselves
				t.Errorf("an aggregation vector's attention to the patches sums to %v", sum)
			}
		}
	}
}
