package engine

import (
	"cmp"
	"context"
	"slices"

	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/robotics"
	"winnow/robotics/sim"
	"winnow/robotics/sim/render"
	"winnow/robotics/sim/suites"
)

// stage is what acting runs keep between them.
type stage struct {
	open     func(id string, threads int) (compute.Backend, string, error)
	policies map[policyKey]*policyOf
	// env is opened for pictures of a size; view paints it for people, nil before somebody asks.
	env  sim.Env
	view *robotics.View
	// parts are the sides, who acts first.
	parts []*part
	// trial is the episode that stands, nil: none; stands tells whose.
	trial  *robotics.Trial
	stands standing
}

func (s *stage) close() {
	s.leave()
	for _, p := range s.policies {
		p.close()
	}
	s.policies, s.parts = nil, nil
}

// leave frees the simulation.
func (s *stage) leave() {
	if s.view != nil {
		s.view.Close()
	}
	if s.env != nil {
		s.env.Close()
	}
	s.view, s.env, s.trial = nil, nil, nil
}

// load readies the policies of a request; others leave the memory first.
func (s *stage) load(ctx context.Context, r trace.Request) error {
	var wanted []policyKey
	for _, name := range append([]string{r.Model}, r.Act.Beside...) {
		if name != trace.Expert {
			wanted = append(wanted, keyOf(name, r))
		}
	}
	for key, p := range s.policies {
		p.loadMS = 0
		if !slices.Contains(wanted, key) {
			s.forget(key)
		}
	}
	for _, key := range wanted {
		if s.policies[key] != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := openPolicy(key, s.open)
		if err != nil {
			return err
		}
		s.policies[key] = p
	}
	return nil
}

func (s *stage) forget(key policyKey) {
	s.policies[key].close()
	delete(s.policies, key)
}

// set readies the simulation and the parts. An episode that is continued goes on with them.
func (s *stage) set(ctx context.Context, r trace.Request, t task) error {
	if err := s.simulate(r, t); err != nil {
		return err
	}
	if err := s.look(r.Act.View); err != nil {
		return err
	}
	parts, err := s.choose(ctx, r, t)
	if err != nil {
		return err
	}
	if stood := s.trial != nil && !s.trial.Over(); stood && parts[0] != s.parts[0] {
		if err := s.trial.Recast(parts[0].actor); err != nil {
			return err
		}
	}
	s.parts = parts
	return s.instruct(r.Act.Instruction)
}

// simulate opens the task for pictures of the size that who acts looks at, or the first one beside
// an expert. An episode that stands keeps its own.
func (s *stage) simulate(r trace.Request, t task) error {
	if s.trial != nil {
		return nil
	}
	side := 96
	for _, name := range append([]string{r.Model}, r.Act.Beside...) {
		if p := s.policies[keyOf(name, r)]; p != nil {
			side = p.Config.Vision[0].Side()
			break
		}
	}
	if s.env != nil {
		w, _ := s.env.Size()
		if now := s.env.Task(); now.Suite == t.Suite && now.Name == t.Name && w == side {
			return nil
		}
	}
	s.leave()
	var err error
	s.env, err = suites.Open(t.Suite, t.Name, render.Options{Width: side, Height: side})
	return err
}

// look readies the pictures for a person.
func (s *stage) look(side int) (err error) {
	if side == 0 || s.view != nil && s.view.Side() == side {
		return nil
	}
	if s.view != nil {
		s.view.Close()
		s.view = nil
	}
	s.view, err = robotics.NewView(s.env, side)
	return err
}

// instruct tells who acts in the episode that stands something else, "" what the task asks for.
func (s *stage) instruct(text string) error {
	if s.trial == nil || s.trial.Over() {
		return nil
	}
	before := s.trial.Now().Instruction
	if cmp.Or(text, s.env.Observe().Instruction) == before {
		return nil
	}
	for _, p := range s.parts {
		p.looked = -1
	}
	return s.trial.Instruct(text)
}
