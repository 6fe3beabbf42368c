package policy

import (
	"context"
	"fmt"
	"math"

	"winnow/internal/compute"
	"winnow/pruning"
	"winnow/robotics/policy/language"
	"winnow/vision/preprocess"
)

// Observation is what a policy sees at one moment.
type Observation struct {
	// Pictures of the cameras, each as Config.Prepare makes it.
	Pictures []preprocess.Bytes
	// Prompt is the ids of BOS and prompt, as Encode makes them.
	Prompt []int
	// State is the robot's, in its units; nil where the policy reads none.
	State []float64
	// DataSet names the statistics; "" takes the only ones.
	DataSet string
}

// Options of a run.
type Options struct {
	// Method decides which rows skip layers; nil: none do.
	Method pruning.Method
	// Plain leaves the routers out: no feed-forward is scaled. It excludes a Method.
	Plain bool
	// Bidirectional, where set, takes the place of the configuration's attention.
	Bidirectional *bool
}

// Run computes a chunk of actions, or the one that a policy says as tokens. When ctx ends it stops
// with compute.ErrCancelled.
func (p *Policy) Run(ctx context.Context, o Observation, opt Options) (*Result, error) {
	stats, err := choose(p.Statistics, o.DataSet, p.Config)
	if err != nil {
		return nil, err
	}
	if err := p.Config.checkObservation(o); err != nil {
		return nil, err
	}
	if opt.Plain && opt.Method != nil {
		return nil, fmt.Errorf("a method routes by the routers, which a plain run leaves out: choose one of the two")
	}
	if p.Config.Bins > 0 {
		return p.say(ctx, o, opt, stats)
	}
	if err := p.ready(p.Config.frame(len(o.Prompt), opt)); err != nil {
		return nil, err
	}
	r := &Result{Config: p.Config, Frame: p.session.Frame()}
	x, err := p.embed(ctx, o, stats, r)
	if err != nil {
		return nil, err
	}
	if err := p.session.Begin(x); err != nil {
		return nil, err
	}
	states, err := p.route(ctx, o, opt, r)
	if err != nil {
		return nil, err
	}
	if err := p.ends.head.Run(ctx, compute.In(p.ends.rows, states)); err != nil {
		return nil, err
	}
	flat := make([]float32, p.Config.Chunk*p.Config.Action)
	if err := p.ends.head.ReadFloats(p.ends.action, flat); err != nil {
		return nil, err
	}
	r.HeadCost = r.HeadCost.Add(p.ends.headCost)
	if err := r.actions(flat, stats); err != nil {
		return nil, err
	}
	return r, nil
}

func (c Config) checkObservation(o Observation) error {
	if len(o.Pictures) != c.Images {
		return fmt.Errorf("there are %d pictures, the policy takes one of each of its %d cameras", len(o.Pictures), c.Images)
	}
	for i, b := range o.Pictures {
		for _, v := range c.Vision {
			if b.W != v.Side() || b.H != v.Side() || len(b.Pix) != 3*b.W*b.H {
				return fmt.Errorf("picture %d has %d×%d pixels, the policy takes %d×%d: prepare it first", i+1, b.W, b.H, v.Side(), v.Side())
			}
		}
	}
	if len(o.Prompt) < 2 {
		return fmt.Errorf("the prompt has %d tokens; it begins with BOS and has an instruction", len(o.Prompt))
	}
	if len(o.State) != c.Proprio {
		return fmt.Errorf("the robot's state has %d numbers, the policy takes %d", len(o.State), c.Proprio)
	}
	for i, v := range o.State {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("number %d of the robot's state is %v: its sensor gives nothing usable", i+1, v)
		}
	}
	return nil
}

// frame is the layout of a sequence with a prompt of n ids.
func (c Config) frame(n int, opt Options) language.Frame {
	before := c.Visual()
	if c.Proprio > 0 {
		before++
	}
	if c.Bins > 0 {
		return language.Frame{Rows: n + before, Visual: c.Visual(), First: n + before - 1, States: 1}
	}
	actions := c.Chunk * c.Action
	f := language.Frame{Rows: n + before + actions + 1, Visual: c.Visual(), Actions: actions + 1,
		Bidirectional: c.Bidirectional, First: before + n - 1, States: actions}
	if opt.Bidirectional != nil {
		f.Bidirectional = *opt.Bidirectional
	}
	return f
}

// ready compiles what has no memory of the observation.
func (p *Policy) ready(f language.Frame) error {
	if p.vision == nil {
		if err := p.compileVision(); err != nil {
			return err
		}
	}
	if p.ends == nil {
		if err := p.compileEnds(); err != nil {
			return err
		}
	}
	if p.Config.Bins > 0 {
		return p.readyToSay(f)
	}
	if p.session != nil && p.session.Frame() == f {
		return nil
	}
	if p.session != nil {
		p.session.Close()
		p.session = nil
	}
	var err error
	p.session, err = p.language.NewSession(f)
	return err
}

// embed makes the rows before the first layer.
func (p *Policy) embed(ctx context.Context, o Observation, stats Statistics, r *Result) ([]float32, error) {
	c, d := p.Config, p.Config.Language.Hidden
	words, err := p.language.Words(append(append([]int(nil), o.Prompt...), stopToken))
	if err != nil {
		return nil, err
	}
	mean := make([]float32, d)
	for i, v := range words {
		mean[i%d] += v
	}
	for i := range mean {
		mean[i] /= float32(len(words) / d)
	}
	x := append([]float32(nil), words[:d]...) // BOS
	for i, picture := range o.Pictures {
		rows, err := p.see(ctx, picture, mean, r)
		if err != nil {
			return nil, fmt.Errorf("picture %d: %w", i+1, err)
		}
		x = append(x, rows...)
	}
	if c.Proprio > 0 {
		e := p.ends
		u := stats.Proprio.Normalise(o.State, c.MinMax)
		narrow := make([]float32, len(u))
		for i, v := range u {
			narrow[i] = float32(v)
		}
		if err := e.state.Run(ctx, compute.In(e.in, narrow)); err != nil {
			return nil, err
		}
		row := make([]float32, d)
		if err := e.state.ReadFloats(e.row, row); err != nil {
			return nil, err
		}
		r.HeadCost, x = r.HeadCost.Add(e.stateCost), append(x, row...)
	}
	x = append(x, words[d:len(words)-d]...)
	if c.Bins > 0 {
		return x, nil
	}
	x = append(x, make([]float32, c.Chunk*c.Action*d)...)
	return append(x, words[len(words)-d:]...), nil
}

// see runs the encoders on one picture and keeps what can be shown.
func (p *Policy) see(ctx context.Context, picture preprocess.Bytes, mean []float32, r *Result) ([]float32, error) {
	v := p.vision
	pixels := preprocess.OpenVLA(picture.W).Normalize(picture).Data // 6 planes
	half := len(pixels) / 2
	in := []compute.Binding{compute.In(v.patches[0], p.Config.Vision[0].Rows(pixels[:half])), compute.In(v.patches[1], p.Config.Vision[1].Rows(pixels[half:]))}
	if v.language != nil {
		in = append(in, compute.In(v.language, mean))
	}
	if err := v.Run(ctx, in...); err != nil {
		return nil, err
	}
	var err error
	read := func(t *compute.Tensor) []float32 {
		if t == nil || err != nil {
			return nil
		}
		out := make([]float32, t.Shape.Elements())
		err = v.ReadFloats(t, out)
		return out
	}
	rows := read(v.rows)
	r.Gate = read(v.gate) // the same for every picture
	r.Attention = append(r.Attention, [2][]float32{read(v.attention[0]), read(v.attention[1])})
	r.VisionCost = r.VisionCost.Add(v.cost)
	return rows, err
}
