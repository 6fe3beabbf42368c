package bench

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"

	"winnow/app/judge"
	"winnow/internal/trace"
	"winnow/vision/quality"
)

// Runner carries out requests: an engine.Engine.
type Runner interface {
	Run(ctx context.Context, r trace.Request, emit func(trace.Event)) error
}

// DrawOptions say what is drawn.
type DrawOptions struct {
	Runner Runner
	// Prompts is their number, at least 1; 0 means 32.
	Prompts int
	// Draw has steps, guidance and size of all pictures, and the first one's seed.
	Draw trace.Draw
	// Solvers draw each prompt; none: dpm++2m and flow-euler.
	Solvers []string
	// Stacks are drawn beside dense; none: SADA at its defaults.
	Stacks []trace.Stack
	// Fewer also draws dense with as many steps as the first stack had evaluations.
	Fewer         bool
	Model, Device string
	Threads       int
	// Progress tells how many pictures' requests are done; nil tells nobody.
	Progress func(done, of int)

	// judge looks at the pictures; nil: the built-in VLM. Tests have their own.
	judge judge.Judge
}

// DefaultPrompts is how many RunDraw draws.
const DefaultPrompts = 32

// sketch is one prompt drawn with one solver.
type sketch struct {
	prompt int
	solver int
	model  string
	device string
	dense  painting
	pruned []painting // by stack
	fewer  *painting  // nil where not asked for
}

// painting is one side's.
type painting struct {
	trace.Drawn
	img *image.RGBA
	// full and token are the milliseconds of steps on all tokens and on some, kept the share of
	// tokens of the latter.
	full, token, kept []float64
	facts             verdict
}

// RunDraw times the denoiser by itself, draws every prompt with every solver, dense and pruned, and then
// asks the judge. ctx ends
// it between two evaluations of the network.
func RunDraw(ctx context.Context, o DrawOptions) (*Drawings, error) {
	if o.Prompts = cmp.Or(o.Prompts, DefaultPrompts); o.Prompts < 1 {
		return nil, fmt.Errorf("a bench of %d prompts cannot be made; give at least 1", o.Prompts)
	}
	if len(o.Solvers) == 0 {
		o.Solvers = []string{"dpm++2m", "flow-euler"}
	}
	if len(o.Stacks) == 0 {
		o.Stacks = []trace.Stack{{Methods: []trace.Spec{{Name: "sada"}}}}
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	prompts, err := drawPrompts(o.Prompts, o.Draw.Seed)
	if err != nil {
		return nil, err
	}
	denoiser, err := o.measure(ctx)
	if err != nil {
		return nil, err
	}
	var list []sketch
	for i := range prompts {
		for turn := range o.Solvers {
			s := (turn + i) % len(o.Solvers) // each solver follows each
			o.Progress(len(list), o.Prompts*len(o.Solvers))
			k, err := o.sketch(ctx, prompts[i], i, s)
			if err != nil {
				return nil, err
			}
			list = append(list, *k)
		}
	}
	o.Progress(len(list), len(list))
	r, err := o.report(ctx, prompts, list)
	if err != nil {
		return nil, err
	}
	r.Denoiser = denoiser
	return r, nil
}

// sketch draws one prompt with one solver.
func (o *DrawOptions) sketch(ctx context.Context, p drawPrompt, i, s int) (*sketch, error) {
	d := o.Draw
	d.Prompt, d.Solver, d.Seed = p.text, o.Solvers[s], d.Seed+uint64(i)
	d.Blind = true // all pictures are looked at in the end
	r := trace.Request{Model: o.Model, Device: o.Device, Threads: o.Threads, Draw: &d, Methods: o.Stacks[0].Methods, Label: o.Stacks[0].Label, Compare: o.Stacks[1:]}
	state, err := o.run(ctx, r)
	if err != nil {
		return nil, err
	}
	k := &sketch{prompt: i, solver: s}
	if state.Model != nil {
		k.model, k.device = state.Model.Name, state.Model.Device
	}
	if k.dense, err = pictureOf(state, state.Dense); err != nil {
		return nil, err
	}
	for j := range o.Stacks {
		one, err := pictureOf(state, state.Side(trace.SideName(j)))
		if err != nil {
			return nil, err
		}
		k.pruned = append(k.pruned, one)
	}
	if !o.Fewer {
		return k, nil
	}
	few := d
	few.Steps = max(1, k.pruned[0].NFE)
	r.Draw, r.Methods, r.Compare = &few, nil, nil
	if state, err = o.run(ctx, r); err != nil {
		return nil, err
	}
	one, err := pictureOf(state, state.Dense)
	if err != nil {
		return nil, err
	}
	k.fewer = &one
	return k, k.fewer.liken(k.dense.img)
}

func (o *DrawOptions) run(ctx context.Context, r trace.Request) (*trace.State, error) {
	state := new(trace.State)
	if err := o.Runner.Run(ctx, r, state.Apply); err != nil {
		return nil, err
	}
	if state.Cancelled || ctx.Err() != nil {
		return nil, cmp.Or(ctx.Err(), context.Canceled)
	}
	return state, nil
}

func pictureOf(s *trace.State, d *trace.Side) (painting, error) {
	if d == nil || d.Drawn == nil || len(d.Drawn.Image) == 0 {
		return painting{}, fmt.Errorf("the engine gave no picture of %q with %s", s.Request.Draw.Prompt, s.Request.Draw.Solver)
	}
	img, err := decodePNG(d.Drawn.Image)
	if err != nil {
		return painting{}, fmt.Errorf("the picture of %q cannot be read: %w", s.Request.Draw.Prompt, err)
	}
	p := painting{Drawn: *d.Drawn, img: img}
	rows, cols := s.Grid()
	for _, e := range d.Denoised {
		switch e.Kind {
		case trace.StepFull:
			p.full = append(p.full, e.MS-e.SelectMS)
		case trace.StepToken:
			p.token = append(p.token, e.MS-e.SelectMS)
			p.kept = append(p.kept, float64(e.Kept)/float64(max(1, rows*cols)))
		}
	}
	return p, nil
}

// liken compares a picture of another run with a dense one.
func (p *painting) liken(dense *image.RGBA) error {
	psnr, err := quality.PSNR(dense, p.img)
	if err != nil {
		return err
	}
	if !math.IsInf(psnr, 0) {
		p.PSNR = &psnr
	}
	if ssim, err := quality.SSIM(dense, p.img); err == nil { // the smallest pictures have none
		p.SSIM = &ssim
	}
	return nil
}

func decodePNG(data []byte) (*image.RGBA, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out, nil
}
