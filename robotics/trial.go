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

// Trial is an episode, a step at a time:
//
//	t, err := robotics.Begin(env, actor, o, 0)
//	for !t.Over() {
//		m, err := t.Step(ctx)
//	}
//
// Between two steps it may stand as long as one likes, while nobody else uses the environment; it
// belongs to one goroutine at a time. After an error that is not ctx's it cannot go on.
type Trial struct {
	env    sim.Env
	actor  Actor
	task   sim.Task
	o      Options
	number int
	seed   uint64

	text  string          // what the environment wants to have told
	now   sim.Observation // what stands before the next step, with what the actor was told last
	chunk [][]float32     // actions that the actor wants still to be carried out
	next  *Moment         // what Look readied for the next step; nil: nobody looked yet
	step  int             // actions carried out
	over  bool
	out   Outcome
	rec   *episode.Recorder // nil where nothing is recorded
}

// Begin resets the environment to the seed of episode number, from 0, and tells the actor. Of the
// options Episodes, Progress and Watch are for Run alone.
func Begin(env sim.Env, a Actor, o Options, number int) (*Trial, error) {
	t := &Trial{env: env, actor: a, task: env.Task(), o: o, number: number, seed: o.Seed + uint64(number)}
	if err := cmp.Or(Known(t.task, a.Cameras()), Known(t.task, o.Cameras)); err != nil {
		return nil, err
	}
	if err := t.begin(); err != nil {
		return nil, t.named(err)
	}
	return t, nil
}

func (t *Trial) begin() (err error) {
	if t.now, err = t.env.Reset(t.seed); err != nil {
		return err
	}
	t.text = t.now.Instruction
	t.now.Instruction = cmp.Or(t.o.Instruction, t.text)
	t.out = Outcome{Seed: t.seed, Instruction: t.now.Instruction}
	if err := t.actor.Begin(t.now.Instruction, t.seed); err != nil {
		return err
	}
	if t.o.Record != nil {
		t.rec, err = t.recorder(t.now.Instruction)
	}
	return err
}

// named tells where an error happened.
func (t *Trial) named(err error) error {
	return fmt.Errorf("%s %s, episode %d (seed %d), step %d: %w", t.task.Suite, t.task.Name, t.number+1, t.seed, t.step+1, err)
}

// Number is the episode's, from 0; Seed is what it was reset with.
func (t *Trial) Number() int  { return t.number }
func (t *Trial) Seed() uint64 { return t.seed }

// Now is what stands before the next step, with what the actor was told last.
func (t *Trial) Now() sim.Observation { return t.now }

// Over tells that the task is fulfilled, or that the episode has no more steps.
func (t *Trial) Over() bool { return t.over }

// Outcome sums up the steps so far.
func (t *Trial) Outcome() Outcome { return t.out }

// Recording is the episode so far; nil without Options.Record, which a Trial does not call.
func (t *Trial) Recording() *episode.Episode {
	if t.rec == nil {
		return nil
	}
	return t.rec.Episode()
}

// Instruct tells the actor something else, "" what the environment wants: it looks anew at the next
// step, and what is left of its chunk is dropped. A Script, which reads no instruction, goes on as
// before. A recording and the Outcome keep the instruction that the episode began with.
func (t *Trial) Instruct(text string) error {
	text = cmp.Or(text, t.text)
	if l, ok := t.actor.(Listener); ok {
		if err := l.Instruct(text); err != nil {
			return t.named(err)
		}
	}
	t.now.Instruction, t.chunk, t.next = text, nil, nil
	return nil
}

// Recast lets another actor go on, from a look at the next step; an episode that is recorded keeps
// its own.
func (t *Trial) Recast(a Actor) error {
	if t.rec != nil {
		return t.named(fmt.Errorf("the episode is being recorded with one actor, so no other can go on; begin it anew"))
	}
	if err := Known(t.task, a.Cameras()); err != nil {
		return err
	}
	if err := a.Begin(t.now.Instruction, t.seed); err != nil {
		return t.named(err)
	}
	t.actor, t.chunk, t.next = a, nil, nil
	return nil
}

// Look readies the next step: what it paints and, where the actor is asked, its answer; the Result is
// empty yet. A second call gives the same. It ends with ctx's error, and the episode stands as before.
func (t *Trial) Look(ctx context.Context) (Moment, error) {
	if t.next != nil {
		return *t.next, nil
	}
	if t.over {
		return Moment{}, t.named(fmt.Errorf("the episode is over; begin the next one"))
	}
	m, err := t.look(ctx)
	if err != nil {
		return Moment{}, t.ended(ctx, err)
	}
	t.next = &m
	return m, nil
}

func (t *Trial) look(ctx context.Context) (Moment, error) {
	if err := ctx.Err(); err != nil {
		return Moment{}, err
	}
	looks := len(t.chunk) == 0
	m := Moment{Episode: t.number, Step: t.step, Seen: t.now}
	var err error
	if m.Pictures, err = t.paint(looks); err != nil {
		return m, err
	}
	if looks {
		if m.Asked, err = t.ask(ctx, t.now, m.Pictures); err != nil {
			return m, err
		}
		t.chunk = m.Asked.Actions
	}
	m.Action = t.chunk[0]
	return m, nil
}

// ended is ctx's error where ctx ended, else err with its place.
func (t *Trial) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return t.named(err)
}

// Step carries out the next action, after a look where there was none yet.
func (t *Trial) Step(ctx context.Context) (Moment, error) {
	m, err := t.Look(ctx)
	if err != nil {
		return m, err
	}
	if m.Result, err = t.env.Step(m.Action); err != nil {
		return m, t.named(err)
	}
	if t.rec != nil {
		if err := t.record(m); err != nil {
			return m, t.named(err)
		}
	}
	t.chunk, t.next = t.chunk[1:], nil
	t.step++
	r := m.Result
	t.out.Steps, t.out.Reward, t.out.Success = t.step, t.out.Reward+r.Reward, r.Success
	t.over = r.Success || r.Truncated
	told := t.now.Instruction
	t.now = r.Observation
	t.now.Instruction = told
	return m, nil
}

// ask lets the actor look, and makes its actions ones that can be sent.
func (t *Trial) ask(ctx context.Context, o sim.Observation, pictures map[string]*image.RGBA) (*Chunk, error) {
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
func (t *Trial) paint(looks bool) (map[string]*image.RGBA, error) {
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
