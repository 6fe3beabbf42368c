package routing

import (
	"strings"
	"testing"

	"winnow/pruning"
	_ "winnow/pruning/catalogue"
	"winnow/pruning/cogvla"
	"winnow/robotics/policy"
)

// TestMethod takes the checkpoint's schedule where none is given, and refuses what cannot route.
func TestMethod(t *testing.T) {
	c := policy.Config{Schedule: "shiftedcos_decay_0.8_0.2", Average: 0.4}
	c.Language.Routers = []int{1}
	m, err := Method(pruning.Spec{Name: "cogvla"}, c)
	if x, ok := m.(*cogvla.CogVLA); err != nil || !ok || *x != (cogvla.CogVLA{Schedule: "shiftedcos", Average: 0.4, Max: 0.8, Min: 0.2, Span: 32}) {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = Method(pruning.Spec{Name: "cogvla", Params: map[string]string{"average": "0.25"}}, c)
	if x, ok := m.(*cogvla.CogVLA); err != nil || !ok || x.Average != 0.25 || x.Max != 0.85 {
		t.Errorf("%+v, %v", m, err)
	}
	odd, bare := c, c
	odd.Schedule = "rising"
	bare.Language.Routers = nil
	for want, try := range map[string]struct {
		name string
		c    policy.Config
	}{"fastv does not act on robot policies": {"fastv", c}, "this checkpoint has none": {"cogvla", bare}, `"rising" is no schedule`: {"cogvla", odd}, "there is no method": {"cogwheel", c}} {
		if _, err := Method(pruning.Spec{Name: try.name}, try.c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
