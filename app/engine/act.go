package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/robotics"
)

// act runs a request that asks a robot to do something:
//
//	check ─▶ policies ─▶ cast: who acts, who is asked beside ─▶ step after step
//
// What is loaded stays, with the episode that stands, until another kind of model is asked for or
// something breaks.
func (l *Local) act(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	task, err := checkAct(r)
	if err != nil {
		return err
	}
	l.clear()
	a := &acting{stage: l.stage, r: r, task: task, emit: emit}
	if err := a.ready(ctx); err != nil {
		return err
	}
	err = a.play(ctx)
	switch {
	case err == nil, ctx.Err() != nil, errors.Is(err, compute.ErrCancelled):
		low, high := robotics.Wilson(a.successes, a.done)
		emit(trace.Acted{Episodes: a.done, Successes: a.successes, Low: low, High: high})
	default:
		l.unload() // neither the episode nor a device that failed is trusted: the next run starts anew
	}
	return err
}

// clear makes room for policies: other kinds of models leave the memory.
func (l *Local) clear() {
	if l.stage == nil {
		l.unload()
		l.stage = &stage{open: l.open, policies: map[policyKey]*policyOf{}}
	}
}

// prepareAct loads the policies of a run to come. What is wrong shows in the run.
func (l *Local) prepareAct(ctx context.Context, r trace.Request) {
	if _, err := checkAct(r); err != nil {
		return
	}
	l.clear()
	_ = l.stage.load(ctx, r)
}

// acting is one run.
type acting struct {
	*stage
	r    trace.Request
	task task
	emit func(trace.Event)

	moves, done, successes int // in this run
}

// ready loads and casts, and tells who acts.
func (a *acting) ready(ctx context.Context) error {
	if a.r.Act.Continue {
		if err := a.canContinue(a.r, a.task); err != nil {
			return err
		}
	} else {
		a.trial = nil
	}
	if err := a.load(ctx, a.r); err != nil {
		return err
	}
	if err := a.set(ctx, a.r, a.task); err != nil {
		return err
	}
	a.emit(a.model())
	a.emit(a.about())
	if !a.r.Act.Continue {
		a.notices()
	}
	return nil
}

// play carries out episodes until they are done, or the moves are.
func (a *acting) play(ctx context.Context) error {
	for {
		if a.trial == nil || a.trial.Over() {
			number := 0
			if a.trial != nil {
				number = a.trial.Number() + 1
			}
			if number >= a.r.Act.Episodes || a.spent() {
				return nil
			}
			if err := a.begin(ctx, number); err != nil {
				return err
			}
		}
		for !a.trial.Over() {
			if a.spent() {
				return nil
			}
			if err := a.step(ctx); err != nil {
				return err
			}
			a.moves++
		}
		// Where ctx ends here the episode is over all the same, only without its last pictures.
		views, err := a.paint(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		o := a.trial.Outcome()
		a.emit(trace.EpisodeDone{Episode: a.trial.Number(), Seed: o.Seed, Steps: o.Steps, Success: o.Success, Reward: o.Reward, Views: views})
		if a.done++; o.Success {
			a.successes++
		}
	}
}

// spent tells that the run has made the moves that it was asked for.
func (a *acting) spent() bool { return a.r.Act.Moves > 0 && a.moves >= a.r.Act.Moves }

func (a *acting) begin(ctx context.Context, number int) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	o := robotics.Options{Seed: a.r.Act.Seed, Instruction: a.r.Act.Instruction}
	if a.trial, err = robotics.Begin(a.env, a.parts[0].actor, o, number); err != nil {
		return err
	}
	a.stands = standingOf(a.r, a.task)
	for _, p := range a.parts {
		p.looked = -1
	}
	a.emit(trace.EpisodeStarted{Episode: number, Seed: a.trial.Seed(), Instruction: a.trial.Now().Instruction})
	return nil
}

// step lets who acts look and those beside, paints, and moves. Where ctx ends it the episode stands
// before the move, and a later run takes up what is missing.
func (a *acting) step(ctx context.Context) error {
	started := time.Now()
	m, err := a.trial.Look(ctx)
	if err != nil {
		return err
	}
	if m.Asked != nil {
		for i, p := range a.parts {
			if err := a.look(ctx, p, i == 0, m); err != nil {
				return err
			}
		}
	}
	var views [][]byte
	if looks := m.Asked != nil && m.Asked.Thought != nil; looks || m.Step%max(1, a.r.Act.Every) == 0 {
		if views, err = a.paint(ctx); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err // a move that nobody hears of would be missing in the trace
	}
	if m, err = a.trial.Step(ctx); err != nil {
		return err
	}
	a.emit(trace.Moved{Episode: m.Episode, Step: m.Step, Time: float64(m.Step) / a.task.ControlHz, Proprio: floats(m.Seen.Proprio),
		Action: trace.Floats(m.Action), Reward: m.Result.Reward, Success: m.Result.Success, Views: views, MS: since(started)})
	return nil
}

// look emits what a policy thinks of the moment, once.
func (a *acting) look(ctx context.Context, p *part, acts bool, m robotics.Moment) error {
	if p.network == nil || p.looked == m.Step {
		return nil
	}
	c := m.Asked
	if !acts {
		beside, err := p.ask(ctx, a.env, m)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%s, which is asked beside, at episode %d, step %d: %w", p.title, m.Episode+1, m.Step+1, err)
		}
		c = &beside
	}
	p.looked = m.Step
	a.emit(thought(p.side, m, c.Thought))
	return nil
}

// paint makes the pictures for a person, where they are wanted; nil with ctx's error.
func (a *acting) paint(ctx context.Context) ([][]byte, error) {
	if a.r.Act.View == 0 {
		return nil, nil
	}
	var out [][]byte
	for _, c := range a.cameras() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file, err := a.view.JPEG(c)
		if err != nil {
			return nil, err
		}
		out = append(out, file)
	}
	return out, nil
}
