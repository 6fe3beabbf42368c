package diffusion

import (
	"context"
	"time"

	"winnow/diffusion/pixart"
	"winnow/internal/trace"
)

// Drawing is what all sides of one request share: the encoded prompt and the schedule. Sides are
// run one after another; drawings of one model may be open side by side.
type Drawing struct {
	model  *Model // nil when closed
	plan   plan
	ids    [][]int // the empty prompt, with guidance, and the prompt
	prompt pixart.Prompt
	// flops are an evaluation's by the tokens computed, counted when first asked for.
	flops map[int]int64
}

// Begin encodes the prompt and readies the network. The event is not emitted.
func (m *Model) Begin(ctx context.Context, d trace.Draw) (*Drawing, trace.Drawing, error) {
	p, err := m.plan(d)
	if err != nil {
		return nil, trace.Drawing{}, err
	}
	g := &Drawing{model: m, plan: p, flops: map[int]int64{}}
	said, cut := m.words.Padded(d.Prompt, p.size.Text)
	g.ids = [][]int{said}
	if p.size.Batch == 2 {
		empty, _ := m.words.Padded("", p.size.Text)
		g.ids = [][]int{empty, said}
	}
	took, err := g.prepare(ctx)
	if err != nil {
		return nil, trace.Drawing{}, err
	}
	run, err := p.start()
	if err != nil {
		return nil, trace.Drawing{}, err
	}
	side := p.size.Height / m.net.Config.Patch
	e := trace.Drawing{Width: p.size.Width, Height: p.size.Height, Rows: side, Cols: side, Steps: p.Steps, Solver: d.Solver,
		Words: m.words.Words(d.Prompt), Cut: cut, TextMS: milliseconds(took)}
	e.Words = e.Words[:min(len(e.Words), p.size.Text-2)]
	for _, s := range run.Sigmas[:p.Steps+1] {
		e.Sigmas = append(e.Sigmas, float32(s))
	}
	e.TextFLOPs, err = g.textFLOPs()
	return g, e, err
}

// prepare encodes the text and measures it. A size that the model has not drawn last is done
// twice, with an evaluation between: what is compiled, and pages first touched, is in no time.
func (g *Drawing) prepare(ctx context.Context) (time.Duration, error) {
	m := g.model
	for warm := m.session != nil && m.session.Size() == g.plan.size; ; warm = true {
		began := time.Now()
		if err := g.encode(ctx); err != nil {
			return 0, err
		}
		session, err := g.ready(ctx)
		if err != nil || warm {
			return time.Since(began), err
		}
		x := make([][]float32, g.plan.size.Batch)
		for i := range x {
			x[i] = make([]float32, g.plan.numbers())
		}
		if _, err := session.Evaluate(ctx, x, []float64{0}, pixart.Evaluation{}); err != nil {
			return 0, err
		}
		m.owner = nil // so that the text is computed again
	}
}

// encode fills the prompt. Nothing of it is masked: padding takes part, as in training.
func (g *Drawing) encode(ctx context.Context) error {
	rows, err := g.model.text.Encode(ctx, g.ids, nil)
	if err != nil {
		return err
	}
	g.prompt = pixart.Prompt{}
	size := g.plan.size
	for _, r := range rows {
		g.prompt.Text = append(g.prompt.Text, r.Last)
		g.prompt.Resolution = append(g.prompt.Resolution, [2]float64{float64(size.Height), float64(size.Width)})
		g.prompt.Aspect = append(g.prompt.Aspect, float64(size.Height)/float64(size.Width))
	}
	return nil
}

// ready is the model's session with this drawing's prompt in it and an empty cache.
func (g *Drawing) ready(ctx context.Context) (*pixart.Session, error) {
	m := g.model
	if m == nil || m.net == nil {
		return nil, errClosed
	}
	if m.session == nil || m.session.Size() != g.plan.size {
		m.leave()
		s, err := m.net.NewSession(g.plan.size)
		if err != nil {
			return nil, err
		}
		m.session = s
	}
	if m.owner != g {
		m.owner = nil
		if err := m.session.Begin(ctx, g.prompt); err != nil {
			return nil, err
		}
		m.owner = g
	}
	m.session.Forget()
	return m.session, nil
}

// textFLOPs counts the encoder, and what the network makes of its rows before the first step.
func (g *Drawing) textFLOPs() (int64, error) {
	one, err := g.model.text.Cost(g.plan.size.Text)
	if err != nil {
		return 0, err
	}
	keys, err := g.model.net.TextCost(g.plan.size)
	return one.FLOPs*int64(len(g.ids)) + keys.FLOPs, err
}

// evaluationFLOPs counts an evaluation of so many tokens.
func (g *Drawing) evaluationFLOPs(kept int) (int64, error) {
	if n, ok := g.flops[kept]; ok {
		return n, nil
	}
	c, err := g.model.net.Cost(g.plan.size, kept)
	g.flops[kept] = c.FLOPs
	return c.FLOPs, err
}

// Close ends the drawing; its pictures stay.
func (g *Drawing) Close() {
	if g.model != nil && g.model.owner == g {
		g.model.owner = nil
	}
	g.model, g.prompt = nil, pixart.Prompt{}
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
