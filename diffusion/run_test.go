package diffusion

import (
	"bytes"
	"context"
	"image/png"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"winnow/diffusion/cliptext"
	"winnow/diffusion/cliptext/bpe"
	"winnow/diffusion/pixart"
	"winnow/diffusion/solver"
	"winnow/internal/compute"
	"winnow/internal/tensors"
	"winnow/internal/trace"
)

// straight draws without this package: the parts one after another. both evaluates both halves
// even where guidance is 1.
func straight(t *testing.T, dir string, be compute.Backend, d trace.Draw, both bool) []float32 {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	words, err := bpe.Open(filepath.Join(dir, "tokenizer"))
	must(err)
	text, err := cliptext.Load(filepath.Join(dir, "text_encoder"), be, tensors.AsStored)
	must(err)
	defer text.Close()
	net, err := pixart.Load(filepath.Join(dir, "transformer"), be, tensors.AsStored)
	must(err)
	defer net.Close()
	var ids [][]int
	prompts := []string{"", d.Prompt}
	if !both && d.Guidance == 1 {
		prompts = prompts[1:]
	}
	for _, p := range prompts {
		row := words.Encode(p)
		for len(row) < textTokens {
			row = append(row, vocabulary()["<|endoftext|>"])
		}
		ids = append(ids, row)
	}
	rows, err := text.Encode(ctx, ids, nil)
	must(err)
	var prompt pixart.Prompt
	for _, r := range rows {
		prompt.Text = append(prompt.Text, r.Last)
	}
	s, err := net.NewSession(pixart.Size{Batch: len(ids), Height: edge, Width: edge, Text: textTokens})
	must(err)
	defer s.Close()
	must(s.Begin(ctx, prompt))

	trained := solver.Default(solver.Flow)
	c, err := solver.Named(d.Solver, trained)
	must(err)
	sol, err := solver.New(c)
	must(err)
	run, err := sol.Start(d.Steps)
	must(err)
	x := run.Initial(solver.Noise(d.Seed, 3*edge*edge))
	for i := range run.Steps {
		in := run.Input(i, x)
		out, err := s.Evaluate(ctx, slices.Repeat([][]float32{in}, len(ids)), []float64{run.Time(i)}, pixart.Evaluation{})
		must(err)
		v := out[len(out)-1]
		if d.Guidance != 1 {
			v = make([]float32, len(x))
			for k := range v {
				v[k] = out[0][k] + float32(d.Guidance)*(out[1][k]-out[0][k])
			}
		}
		x, _, err = run.Step(i, x, run.Translate(i, x, v), nil)
		must(err)
	}
	return x
}

// TestDenseIsTheStraightLoop: for every solver, bit for bit.
func TestDenseIsTheStraightLoop(t *testing.T) {
	onEach(t, func(t *testing.T, be compute.Backend) {
		dir := write(t, files())
		m := loaded(t, dir, be)
		for _, name := range solver.Names() {
			for _, steps := range []int{1, 5} {
				d := request(steps)
				d.Solver = name
				r := drawn(t, begun(t, m, d), nil)
				if want := straight(t, dir, be, d, false); !slices.Equal(r.picture.Latent, want) {
					t.Errorf("%s with %d steps: off by %.2g", name, steps, worst(r.picture.Latent, want))
				}
			}
		}
	})
}

func TestGuidanceOfOneIsTheConditionalHalf(t *testing.T) {
	onEach(t, func(t *testing.T, be compute.Backend) {
		dir := write(t, files())
		m := loaded(t, dir, be)
		d := request(4)
		guided := drawn(t, begun(t, m, d), nil)
		d.Guidance = 1
		r := drawn(t, begun(t, m, d), nil)
		if want := straight(t, dir, be, d, false); !slices.Equal(r.picture.Latent, want) {
			t.Errorf("off by %.2g from the loop of one half", worst(r.picture.Latent, want))
		}
		if off := worst(r.picture.Latent, straight(t, dir, be, d, true)); off > 1e-3 {
			t.Errorf("off by %.2g from the half evaluated beside the other", off)
		}
		if off := worst(r.picture.Latent, guided.picture.Latent); off < 1e-2 {
			t.Errorf("guidance moves the picture by %.2g only", off)
		}
		if r.drawn.FLOPs*2 != guided.drawn.FLOPs {
			t.Errorf("one half takes %d FLOPs, both %d", r.drawn.FLOPs, guided.drawn.FLOPs)
		}
	})
}

// TestAllThatIsSaid: what a dense side reports, and the seed and the prompt in the picture.
func TestAllThatIsSaid(t *testing.T) {
	m := tiny(t, open(t, "ref"))
	d := request(4)
	g, e, err := m.Begin(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	if e.Width != edge || e.Height != edge || e.Rows != 6 || e.Cols != 6 || e.Steps != 4 || e.Solver != "flow-euler" ||
		!slices.Equal(e.Words, []string{"red", "a", "b"}) || e.Cut != 0 || e.TextMS <= 0 || e.TextFLOPs <= 0 {
		t.Errorf("drawing %+v", e)
	}
	if len(e.Sigmas) != 5 || e.Sigmas[0] != 1 || e.Sigmas[4] != 0 {
		t.Errorf("sigmas %v", e.Sigmas)
	}
	r := drawn(t, g, nil)
	if r.drawn.NFE != 4 || r.drawn.CacheBytes != 0 || r.drawn.PSNR != nil || r.count(trace.StepFull) != 4 {
		t.Errorf("drawn %+v", r.drawn)
	}
	cost, err := m.net.Cost(pixart.Size{Batch: 2, Height: edge, Width: edge, Text: textTokens}, 0)
	if err != nil || r.drawn.FLOPs != 4*cost.FLOPs {
		t.Errorf("%d FLOPs, 4 evaluations have %d (%v)", r.drawn.FLOPs, 4*cost.FLOPs, err)
	}
	sum := 0.0
	for i, s := range r.steps {
		if s.Step != i || s.Kept != 36 || s.Why != "" || s.Criterion != nil || s.Tokens != nil || s.MS <= 0 {
			t.Errorf("step %d: %+v", i, s)
		}
		img, err := png.Decode(bytes.NewReader(s.Preview))
		if err != nil || img.Bounds().Dx() != edge || img.Bounds().Dy() != edge {
			t.Errorf("preview of step %d: %v", i, err)
		}
		sum += s.MS
	}
	if math.Abs(sum-r.drawn.MS) > 1e-9 {
		t.Errorf("the steps take %v ms, the side %v", sum, r.drawn.MS)
	}
	// The last step of the flow ends in what it predicts.
	last, err := png.Decode(bytes.NewReader(r.steps[3].Preview))
	if err != nil {
		t.Fatal(err)
	}
	for y := range edge {
		for x := range edge {
			if last.At(x, y) != r.picture.Image.At(x, y) {
				t.Fatalf("the last preview is not the picture at %d, %d", x, y)
			}
		}
	}

	same := drawn(t, begun(t, m, d), nil)
	if !slices.Equal(same.picture.Latent, r.picture.Latent) || !bytes.Equal(same.picture.PNG, r.picture.PNG) {
		t.Error("the same seed draws another picture")
	}
	for what, change := range map[string]func(d *trace.Draw){
		"seed":   func(d *trace.Draw) { d.Seed++ },
		"prompt": func(d *trace.Draw) { d.Prompt = "blue" },
		"size":   func(d *trace.Draw) { d.Size = 32 },
	} {
		other := d
		change(&other)
		if got := drawn(t, begun(t, m, other), nil); slices.Equal(got.picture.Latent, r.picture.Latent) {
			t.Errorf("another %s draws the same picture", what)
		}
	}
	// The first drawing is still open: the session has had another size and prompt since.
	if again := drawn(t, g, nil); !slices.Equal(again.picture.Latent, r.picture.Latent) {
		t.Error("a drawing that waited draws another picture")
	}
	g.Close()
	if _, _, err := g.Run(context.Background(), nil, "x", func(trace.Event) {}); err == nil {
		t.Error("a closed drawing draws")
	}
}

func TestALongPromptIsCut(t *testing.T) {
	m := tiny(t, open(t, "ref"))
	d := request(1)
	d.Prompt = "red abcdefghijklmn"
	_, e, err := m.Begin(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Words) != textTokens-2 || e.Cut != 5 || e.Words[9] != "i" {
		t.Errorf("words %q, %d cut", e.Words, e.Cut)
	}
}

func TestPixelsAreRoundedAndClamped(t *testing.T) {
	img := pixels([]float32{-2, -1, 0, 1, 5, 0.9, -0.5, 0, 0.5, 1, 1, 1}, 2, 2)
	for i, v := range [][3]uint8{{0, 255, 191}, {0, 242, 255}, {128, 64, 255}, {255, 128, 255}} {
		if got := [4]uint8(img.Pix[4*i:]); got != [4]uint8{v[0], v[1], v[2], 255} {
			t.Errorf("pixel %d is %v, want %v", i, got, v)
		}
	}
}

// worst is the largest difference in units of want's root mean square.
func worst(got, want []float32) float64 {
	var top, sum float64
	for i, w := range want {
		d := math.Abs(float64(got[i] - w))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		top = max(top, d)
		sum += float64(w) * float64(w)
	}
	return top / math.Sqrt(sum/float64(len(want)))
}
