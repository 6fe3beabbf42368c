package robotics

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"time"

	"winnow/pruning"
	"winnow/robotics/policy"
	"winnow/robotics/sim"
)

// Network is a policy as an Actor.
type Network struct {
	policy   *policy.Policy
	method   pruning.Method
	dataSet  string
	cameras  []string
	prompt   []int
	compiled int // the length of the prompt that the policy is compiled for; 0 before the first
}

// NetworkOptions say how a policy acts.
type NetworkOptions struct {
	// Method decides which visual rows skip layers; nil: none do.
	Method pruning.Method
	// DataSet names the statistics by which actions are scaled; "" takes those that are named like
	// the suite, else the only ones.
	DataSet string
	// Cameras, one for each picture of the policy; nil: those of Cameras.
	Cameras []string
	// Instruction of the trial on black pictures, which compiles what is of its length; "": the
	// task's help.
	Instruction string
}

// NewNetwork makes a policy act on a task. What does not fit is told in a sentence; the last thing
// tried is a run on black pictures. The policy stays the caller's, who closes it.
func NewNetwork(ctx context.Context, p *policy.Policy, task sim.Task, o NetworkOptions) (*Network, error) {
	if o.Cameras == nil {
		o.Cameras = Cameras(task, p.Config.Images)
	}
	if err := Fit(p.Config, task, o.Cameras); err != nil {
		return nil, err
	}
	if _, ok := p.Statistics[task.Suite]; ok && o.DataSet == "" {
		o.DataSet = task.Suite
	}
	n := &Network{policy: p, method: o.Method, dataSet: o.DataSet, cameras: o.Cameras}
	if err := n.Instruct(cmp.Or(o.Instruction, task.Help)); err != nil {
		return nil, err
	}
	side := p.Config.Vision[0].Side()
	s := Seen{Observation: sim.Observation{Proprio: make([]float64, len(task.Proprio))}}
	for range n.cameras {
		s.Pictures = append(s.Pictures, image.NewRGBA(image.Rect(0, 0, side, side)))
	}
	if _, err := n.Act(ctx, s); err != nil {
		return nil, fmt.Errorf("tried on black pictures: %w", err)
	}
	return n, nil
}

// Cameras is Actor's.
func (n *Network) Cameras() []string { return n.cameras }

// Begin is Actor's.
func (n *Network) Begin(instruction string, _ uint64) error { return n.Instruct(instruction) }

// Instruct is Listener's.
func (n *Network) Instruct(text string) error {
	ids, err := n.policy.Encode(text)
	if err != nil {
		return err
	}
	if len(ids) != len(n.prompt) {
		n.compiled = 0 // the policy keeps one length
	}
	n.prompt = ids
	return nil
}

// Act is Actor's: the chunk that the policy predicts.
func (n *Network) Act(ctx context.Context, s Seen) (Chunk, error) {
	started := time.Now()
	c := n.policy.Config
	o := policy.Observation{Prompt: n.prompt, DataSet: n.dataSet}
	for _, p := range s.Pictures {
		b, err := c.Prepare(p, false)
		if err != nil {
			return Chunk{}, err
		}
		o.Pictures = append(o.Pictures, b)
	}
	if c.Proprio > 0 {
		o.State = s.Proprio
	}
	r, err := n.policy.Run(ctx, o, policy.Options{Method: n.method})
	if err != nil {
		return Chunk{}, err
	}
	t := &Thought{MS: float64(time.Since(started).Nanoseconds()) / 1e6, FLOPs: r.Cost().FLOPs, Cold: n.compiled != len(n.prompt),
		Kept: r.Kept(), Visual: r.Frame.Visual, Result: r}
	n.compiled = len(n.prompt)
	out := Chunk{Thought: t}
	for _, a := range r.Actions {
		row := make([]float32, len(a))
		for i, v := range a {
			row[i] = float32(v)
		}
		out.Actions = append(out.Actions, row)
	}
	return out, nil
}
