package routing

import (
	"fmt"

	"winnow/pruning"
	"winnow/pruning/cogvla"
	"winnow/robotics/policy"
)

// Method makes the method of a spec for a robot policy: cogvla without parameters takes the
// schedule that the checkpoint was trained with. The error is a sentence: no such method, not one
// for policies, a policy without routers.
func Method(spec pruning.Spec, c policy.Config) (pruning.Method, error) {
	m, info, err := pruning.New(spec)
	if err != nil {
		return nil, err
	}
	if !info.Acts() {
		return nil, fmt.Errorf("%s does not act on robot policies; choose cogvla, or leave the method out", info.Name)
	}
	if len(c.Language.Routers) == 0 {
		return nil, fmt.Errorf("%s needs a policy trained with routers, and this checkpoint has none: leave the method out, or choose one of CogVLA's second stage", info.Name)
	}
	if len(spec.Params) > 0 || c.Schedule == "" {
		return m, nil
	}
	if _, ok := m.(*cogvla.CogVLA); !ok {
		return m, nil
	}
	s, err := cogvla.ParseType(c.Schedule, c.Average)
	if err != nil {
		return nil, err
	}
	return &cogvla.CogVLA{Schedule: s.Type, Average: s.Average, Max: s.Max, Min: s.Min, Span: s.Span}, nil
}
