package robotics

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"winnow/robotics/episode"
	"winnow/robotics/sim"
)

// Options of Run.
type Options struct {
	// Episodes is their number, at least 1; episode i has the seed Seed+i.
	Episodes int
	Seed     uint64
	// Instruction takes the place of the environment's; whether the task is fulfilled is still
	// told by the environment.
	Instruction string
	// Record is given each finished episode; nil records none, and then pictures are painted only
	// for an actor that looks at them. Cameras are recorded, beside the actor's own. Model and
	// Method stand in the recording.
	Record        func(*episode.Episode) error
	Cameras       []string
	Model, Method string
	// Progress is told how many episodes are done, and the steps of the one that runs.
	Progress func(episodes, steps int)
	// Watch sees each step after it was carried out; nil: nobody does. What it is given may be kept.
	Watch func(Moment)
}

// Moment is a step as somebody who watches sees it.
type Moment struct {
	Episode, Step int // from 0
	// Seen is what was there before the action: Pictures by camera, empty where nobody looked.
	Seen     sim.Observation
	Pictures map[string]*image.RGBA
	Action   []float32
	// Result is what the action led to.
	Result sim.Result
	// Asked is the actor's answer where it was asked at this step, with the network's result; nil
	// where a chunk goes on.
	Asked *Chunk
}

// Run lets an actor try a task for a number of episodes. It ends between two steps when ctx does,
// with ctx's error. On an error the report has the episodes that were finished.
func Run(ctx context.Context, env sim.Env, a Actor, o Options) (*Report, error) {
	task := env.Task()
	r := &Report{Suite: task.Suite, Task: task.Name}
	if o.Episodes < 1 {
		return r, fmt.Errorf("%d episodes cannot be run; give at least 1", o.Episodes)
	}
	if err := cmp.Or(Known(task, a.Cameras()), Known(task, o.Cameras)); err != nil {
		return r, err
	}
	for i := range o.Episodes {
		t := &try{env: env, actor: a, task: task, o: o, number: i, seed: o.Seed + uint64(i)}
		if err := t.run(ctx); err != nil {
			if ctx.Err() != nil {
				return r, ctx.Err()
			}
			return r, t.named(err)
		}
		r.Episodes = append(r.Episodes, t.out)
		if t.rec != nil {
			if err := o.Record(t.rec.Episode()); err != nil {
				return r, t.named(err)
			}
		}
	}
	return r, nil
}

// try is one episode.
type try struct {
	env    sim.Env
	actor  Actor
	task   sim.Task
	o      Options
	number int
	seed   uint64

	step int // actions carried out
	out  Outcome
	rec  *episode.Recorder // nil where nothing is recorded
}

// named tells where an error happened.
func (t *try) named(err error) error {
	return fmt.Errorf("%s %s, episode %d (seed %d), step %d: %w", t.task.Suite, t.task.Name, t.number+1, t.seed, t.step+1, err)
}

func (t *try) run(ctx context.Context) error {
	o, err := t.env.Reset(t.seed)
	if err != nil {
		return err
	}
	o.Instruction = cmp.Or(t.o.Instruction, o.Instruction)
	t.out = Outcome{Seed: t.seed, Instruction: o.Instruction}
	if err := t.actor.Begin(o.Instruction, t.seed); err != nil {
		return err
	}
	if t.o.Record != nil {
		if t.rec, err = t.recorder(o.Instruction); err != nil {
			return err
		}
	}
	var chunk [][]float32
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if t.o.Progress != nil {
			t.o.Progress(t.number, t.step)
		}
		looks := len(chunk) == 0
		pictures, err := t.paint(looks)
		if err != nil {
			return err
		}
		var asked *Chunk
		if looks {
			if asked, err = t.ask(ctx, o, pictures); err != nil {
				return err
			}
			chunk = asked.Actions
		}
		action := chunk[0]
		chunk = chunk[1:]
		r, err := t.env.Step(action)
		if err != nil {
			return err
		}
		if t.rec != nil {
			if err := t.record(o, pictures, action, r, asked); err != nil {
				return err
			}
		}
		if t.o.Watch != nil {
			t.o.Watch(Moment{t.number, t.step, o, pictures, action, r, asked})
		}
		t.step++
		t.out.Steps, t.out.Reward, t.out.Success = t.step, t.out.Reward+r.Reward, r.Success
		if r.Success || r.Truncated {
			return nil
		}
		instruction := o.Instruction
		o = r.Observation
		o.Instruction = instruction
	}
}

// ask lets the actor look, and makes its actions ones that can be sent.
func (t *try) ask(ctx context.Context, o sim.Observation, pictures map[string]*image.RGBA) (*Chunk, error) {
	s := Seen{Observation: o}
	for _, c := range t.actor.Cameras() {
		s.Pictures = append(s.Pictures, pictures[c])
	}
	c, err := t.actor.Act(ctx, s)
	if err != nil {
		return nil, err
	}
	if len(c.Actions) == 0 {
		return nil, fmt.Errorf("the actor gave no action; it must give at least one each time")
	}
	c.Actions = slices.Clone(c.Actions)
	for i, a := range c.Actions {
		if len(a) != len(t.task.Action) {
			return nil, fmt.Errorf("action %d of %d has %d numbers, the robot takes %d (%v)", i+1, len(c.Actions), len(a), len(t.task.Action), t.task.Action)
		}
		sent := make([]float32, len(a))
		for j, v := range a {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("number %d (%s) of action %d of %d is %v, which no robot can follow: the weights or the input are broken", j+1, t.task.Action[j], i+1, len(c.Actions), v)
			}
			sent[j] = min(max(v, -1), 1)
		}
		c.Actions[i] = sent
	}
	if c.Thought != nil {
		light := *c.Thought
		light.Result = nil
		t.out.Thoughts = append(t.out.Thoughts, light)
	}
	return &c, nil
}

// paint paints the current state, where somebody looks at it: for the actor when it is asked, for
// the recording always.
func (t *try) paint(looks bool) (map[string]*image.RGBA, error) {
	var list []string
	if t.rec != nil {
		list = t.recorded()
	} else if looks {
		list = t.actor.Cameras()
	}
	out := map[string]*image.RGBA{}
	for _, c := range list {
		p, err := Picture(t.env, c)
		if err != nil {
			return nil, err
		}
		out[c] = p
	}
	return out, nil
}

// Picture paints what a camera sees now.
func Picture(env sim.Env, camera string) (*image.RGBA, error) {
	rgb, err := env.Picture(camera, nil)
	if err != nil {
		return nil, err
	}
	w, h := env.Size()
	if len(rgb) != 3*w*h {
		return nil, fmt.Errorf("the camera %s gave %d bytes for a picture of %d × %d pixels", camera, len(rgb), w, h)
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(img.Pix[4*i:], rgb[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img, nil
}
