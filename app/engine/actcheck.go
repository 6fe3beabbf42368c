package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"winnow/internal/trace"
	"winnow/robotics"
	"winnow/robotics/sim"
)

type task = sim.Task

// maxBeside is how many policies are asked beside the one that acts.
const maxBeside = trace.MaxCompare

// checkAct refuses in a sentence what no acting run can be, and looks the task up. It loads nothing.
func checkAct(r trace.Request) (task, error) {
	a := r.Act
	if err := onlyActs(r); err != nil {
		return task{}, err
	}
	switch {
	case a.Episodes < 1 || a.Episodes > trace.MaxEpisodes:
		return task{}, fmt.Errorf("%d episodes are asked for; the run takes a number from 1 to %d", a.Episodes, trace.MaxEpisodes)
	case a.View < 0 || a.View > trace.MaxView:
		return task{}, fmt.Errorf("the pictures for a person have %d pixels a side; choose a number up to %d, or 0 for none", a.View, trace.MaxView)
	case a.Every < 0:
		return task{}, fmt.Errorf("a picture every %d steps cannot be; choose 1 or more, or 0 for each step", a.Every)
	case a.Moves < 0:
		return task{}, fmt.Errorf("the run is to end after %d steps; choose 1 or more, or 0 to go on until the episodes are over", a.Moves)
	case len(a.Beside) > maxBeside:
		return task{}, fmt.Errorf("%d policies are to be asked beside the one that acts, %d is the most; leave some out", len(a.Beside), maxBeside)
	case slices.Contains(a.Beside, trace.Expert):
		return task{}, errors.New("the scripted expert thinks of one action at a time and has no network, so it cannot be asked beside a policy; leave it out, or let it act")
	case slices.Contains(a.Beside, ""):
		return task{}, errors.New("a policy to be asked beside has no name; give one, or leave it out")
	}
	return robotics.Find(strings.ToLower(strings.TrimSpace(a.Suite)), strings.ToLower(strings.TrimSpace(a.Task)))
}

// onlyActs refuses what belongs to other kinds of runs.
func onlyActs(r trace.Request) error {
	switch {
	case r.Draw != nil:
		return errors.New("a run either acts or draws; leave one of the two out")
	case r.Sweep != nil:
		return errors.New("acting has no sweep; run it once for each value of the parameter")
	case len(r.Force) > 0:
		return errors.New("tokens cannot be forced by hand while a robot acts; leave them to the method")
	case r.Picture != "" || len(r.PictureData) > 0:
		return errors.New("a robot sees through its cameras; leave the picture out")
	case len(r.Messages) > 0:
		return errors.New("a robot is told an instruction and asked no question; put it into the instruction")
	case len(r.Compare) > 0:
		return errors.New("only one policy can act in a run; ask others beside it, or run it again with the other methods")
	case len(r.Methods) > 1:
		return fmt.Errorf("%d methods are chosen, and a policy takes one; leave the others out", len(r.Methods))
	case len(r.Methods) > 0 && r.Model == trace.Expert:
		return fmt.Errorf("%s belongs to a policy, and the scripted expert has no network; choose a policy, or leave the method out", r.Methods[0].Name)
	}
	return nil
}

// standing names the episode that a run may continue.
type standing struct {
	model, suite, task string
	seed               uint64
}

func standingOf(r trace.Request, t task) standing {
	return standing{r.Model, t.Suite, t.Name, r.Act.Seed}
}

// canContinue says in a sentence why the request cannot go on with what stands.
func (s *stage) canContinue(r trace.Request, t task) error {
	why := ""
	switch want := standingOf(r, t); {
	case s.trial == nil:
		why = "none stands in the middle: the engine was started anew, or did something else meanwhile"
	case s.stands != want:
		why = fmt.Sprintf("what stands is %s at %s %s with seed %d", s.stands.model, s.stands.suite, s.stands.task, s.stands.seed)
	case s.trial.Over() && s.trial.Number()+1 >= r.Act.Episodes:
		why = fmt.Sprintf("it is over, the last of %d", r.Act.Episodes)
	default:
		return nil
	}
	return fmt.Errorf("the episode cannot be continued, since %s; start it anew", why)
}
