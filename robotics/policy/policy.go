package policy

import (
	"fmt"

	"winnow/internal/checkpoint/tokenizer"
	"winnow/internal/compute"
	"winnow/internal/tensors"
	"winnow/robotics/policy/encoder"
	"winnow/robotics/policy/language"
)

// Policy is a network with its weights on a device. It is not safe for concurrent use.
type Policy struct {
	Config Config
	// Set counts the parameters on the device and their bytes; token embeddings are read row by row
	// from the file and lie nowhere else.
	Set *tensors.Set
	// Statistics of the data sets that it was trained on, by name.
	Statistics map[string]Statistics
	// Tokenizer is nil where the folder has none: prompts are then given as ids.
	Tokenizer tokenizer.Tokenizer

	encoders [2]*encoder.Encoder
	fusion   *encoder.Fusion
	language *language.Decoder
	head     head
	state    state

	backend compute.Backend
	release func() // of the files
	vision  *visionProgram
	ends    *endsProgram
	// session is of the last layout that ran; causal takes its place where actions are tokens.
	session *language.Session
	causal  *language.Causal
}

// New binds a policy to tensors of any source, which stays open as long as the policy.
func New(c Config, source tensors.Source, backend compute.Backend, storage tensors.Storage) (*Policy, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	l := tensors.NewLoader(source, backend, storage)
	p := &Policy{Config: c, backend: backend, release: func() {}}
	for i, v := range c.Vision {
		p.encoders[i] = encoder.Read(l, encoderPrefixes[i], aggregationNames[i], v)
	}
	p.fusion = encoder.ReadFusion(l, c.Gated, [2]int{c.Vision[0].Width, c.Vision[1].Width}, c.Language.Hidden)
	p.language = language.Read(l, backend, c.Language)
	if p.state = readState(l, c); c.Bins == 0 {
		p.head = readHead(l, c)
	}
	var err error
	if p.Set, err = l.Done(); err != nil {
		return nil, err
	}
	return p, nil
}

// Close frees weights and programs.
func (p *Policy) Close() {
	if p.vision != nil {
		p.vision.Free()
	}
	if p.ends != nil {
		p.ends.free()
	}
	if p.session != nil {
		p.session.Close()
	}
	if p.causal != nil {
		p.causal.Close()
	}
	p.Set.Free()
	p.release()
}

// visionProgram is what one picture goes through; its shape never changes.
type visionProgram struct {
	compute.Program
	patches   [2]*compute.Tensor
	language  *compute.Tensor // nil where neither FiLM nor gate asks for it
	rows      *compute.Tensor // [hidden, rows a picture]
	gate      *compute.Tensor
	attention [2]*compute.Tensor
	cost      compute.Cost
}

func (p *Policy) compileVision() error {
	g, c := compute.NewGraph(), p.Config
	v := &visionProgram{}
	if c.Gated || c.Vision[0].Language > 0 || c.Vision[1].Language > 0 {
		v.language = g.Input("mean embedding", compute.F32, c.Language.Hidden)
	}
	var rows [2]*compute.Tensor
	for i, e := range p.encoders {
		v.patches[i] = g.Input(fmt.Sprintf("patches for encoder %d", i), compute.F32, 3*e.Config.Patch*e.Config.Patch, e.Config.Patches())
		out := e.Build(g, v.patches[i], v.language, nil)
		rows[i] = out.Rows
		if out.Attention != nil {
			v.attention[i] = g.Output(out.Attention)
		}
	}
	if c.Gated {
		v.gate = g.Output(p.fusion.Gate(g, v.language))
	}
	v.rows = g.Output(p.fusion.Build(g, rows, v.gate))
	v.cost = g.Cost()
	var err error
	if v.Program, err = p.backend.Compile(g); err == nil {
		p.vision = v
	}
	return err
}

// endsProgram are the projector of the robot's state and the action head; nil where there is none.
type endsProgram struct {
	state, head           compute.Program
	in, row, rows, action *compute.Tensor
	stateCost, headCost   compute.Cost
}

func (e *endsProgram) free() {
	if e.state != nil {
		e.state.Free()
	}
	if e.head != nil {
		e.head.Free()
	}
}

func (p *Policy) compileEnds() error {
	c, e := p.Config, &endsProgram{}
	var err error
	if c.Bins == 0 {
		g := compute.NewGraph()
		e.rows = g.Input("states of the chunk", compute.F32, c.Action*c.Language.Hidden, c.Chunk)
		e.action = g.Output(p.head.build(g, e.rows))
		e.headCost = g.Cost()
		if e.head, err = p.backend.Compile(g); err != nil {
			return err
		}
	}
	if c.Proprio > 0 {
		g := compute.NewGraph()
		e.in = g.Input("state", compute.F32, c.Proprio)
		e.row = g.Output(p.state.build(g, e.in))
		e.stateCost = g.Cost()
		if e.state, err = p.backend.Compile(g); err != nil {
			e.free()
			return err
		}
	}
	p.ends = e
	return nil
}
