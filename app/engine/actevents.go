package engine

import (
	"fmt"
	"math"

	"winnow/internal/trace"
	"winnow/robotics"
	"winnow/robotics/episode"
	"winnow/robotics/policy"
)

// model describes who acts.
func (a *acting) model() trace.Model {
	p := a.parts[0].policy
	if p == nil {
		return trace.Model{Name: expertTitle}
	}
	m := p.describe()
	m.LoadMS = p.loadMS
	return m
}

// cameras are those that who acts looks through, or an expert's two usual ones.
func (s *stage) cameras() []string {
	if c := s.parts[0].actor.Cameras(); len(c) > 0 {
		return c
	}
	return robotics.Cameras(s.env.Task(), 2)
}

// about opens the events of an acting run.
func (a *acting) about() trace.Acting {
	t := a.task
	e := trace.Acting{Suite: t.Suite, Task: t.Name, Help: t.Help, Action: t.Action, ActionUnits: units(robotics.ActionDims(t)),
		Proprio: t.Proprio, ProprioUnits: units(robotics.ProprioDims(t)), ControlHz: t.ControlHz, MaxSteps: t.MaxSteps,
		Robot: robotics.Robot(t), Cameras: a.cameras()}
	for _, p := range a.parts {
		e.Sides = append(e.Sides, p.player())
	}
	return e
}

func (p *part) player() trace.Player {
	e := trace.Player{Side: p.side, Model: p.title, Method: p.method, Chunk: 1}
	if p.policy != nil {
		c := p.policy.Config
		v := c.Vision[0]
		e.Layers, e.Parameters, e.Chunk = c.Language.Layers, p.policy.parameters(), c.Chunk
		e.Rows, e.Cols, e.Visual, e.Aggregates = v.Grid, v.Grid, v.Out(), v.Aggregation > 0
	}
	return e
}

func units(dims []episode.Dim) (out []string) {
	for _, d := range dims {
		out = append(out, d.Unit)
	}
	return out
}

// notices tell what a person should know of the parts.
func (a *acting) notices() {
	say := func(format string, of ...any) { a.emit(trace.Notice{Text: fmt.Sprintf(format, of...)}) }
	told := map[string]bool{}
	w, h := a.env.Size()
	for _, p := range a.parts {
		if p.policy == nil {
			if a.r.Act.Instruction != "" {
				say("the scripted expert does what the task asks for; it reads no instruction")
			}
			continue
		}
		if n := p.policy.notice; n != "" && !told[n] {
			told[n] = true
			say("%s", n)
		}
		if side := p.policy.Config.Vision[0].Side(); side != w {
			say("%s is asked about pictures of %d × %d pixels, made into its own %d × %d; it may do better on those it was trained on", p.title, w, h, side, side)
		}
	}
}

// thought is an answer of a network as a trace has it.
func thought(side string, m robotics.Moment, t *robotics.Thought) trace.Thought {
	r := t.Result
	e := trace.Thought{Side: side, Episode: m.Episode, Step: m.Step, Instruction: m.Seen.Instruction, Gate: trace.Floats(r.Gate), Looks: looks(r),
		Text: r.Frame.Rows - r.Frame.Pad - r.Frame.Visual - r.Frame.Actions, Slots: r.Frame.Actions, Bidirectional: r.Frame.Bidirectional,
		MS: t.MS, Cold: t.Cold, FLOPs: t.FLOPs}
	for _, a := range r.Actions {
		e.Actions = append(e.Actions, floats(a))
	}
	for _, l := range r.Layers {
		e.Layers = append(e.Layers, routed(l, r.Frame.Visual))
	}
	return e
}

// routed counts visual rows from 0; in a sequence they follow row 0.
func routed(l policy.Layer, visual int) trace.Routed {
	out := trace.Routed{Rule: l.Rule}
	for _, row := range l.Skipped {
		if row >= 1 && row <= visual {
			out.Skipped = append(out.Skipped, row-1)
		}
	}
	if len(l.Probability) > visual {
		out.Probability = trace.Floats(l.Probability[1 : 1+visual])
	}
	return out
}

// looks are where the aggregation vectors look.
func looks(r *policy.Result) (out []trace.Look) {
	for camera, encoders := range r.Attention {
		for encoder, maps := range encoders {
			if n := r.Config.Vision[encoder].Patches(); len(maps) > 0 && n > 0 {
				out = append(out, look8(camera, encoder, len(maps)/n, maps))
			}
		}
	}
	return out
}

// look8 writes attention in bytes, the highest being 255.
func look8(camera, encoder, vectors int, maps []float32) trace.Look {
	out := trace.Look{Camera: camera, Encoder: encoder, Vectors: vectors, Share: make([]byte, len(maps))}
	peak := float32(0)
	for _, v := range maps {
		peak = max(peak, v)
	}
	if !(peak > 0) || math.IsInf(float64(peak), 0) {
		return out
	}
	out.Peak = float64(peak)
	for i, v := range maps {
		out.Share[i] = byte(math.Round(255 * float64(max(v, 0)/peak)))
	}
	return out
}

func floats(v []float64) trace.Floats {
	out := make(trace.Floats, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}
