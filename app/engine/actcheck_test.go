package engine

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/ref"
	"winnow/internal/trace"
)

func TestActingThatCannotBe(t *testing.T) {
	file := filepath.Join(robot, "config.json")
	l := local(t)
	for want, change := range map[string]func(*trace.Request){
		`no suite is called "lab"`:              func(r *trace.Request) { r.Act.Suite = "lab" },
		"choose from pick-colour":               func(r *trace.Request) { r.Act.Task = "fly" },
		"0 episodes are asked for":              func(r *trace.Request) { r.Act.Episodes = 0 },
		"a number from 1 to 10000":              func(r *trace.Request) { r.Act.Episodes = 10_001 },
		"choose a number up to 1024":            func(r *trace.Request) { r.Act.View = 2000 },
		"every -1 steps":                        func(r *trace.Request) { r.Act.Every = -1 },
		"after -1 steps":                        func(r *trace.Request) { r.Act.Moves = -1 },
		"4 policies are to be asked beside":     func(r *trace.Request) { r.Act.Beside = make([]string, 4) },
		"cannot be asked beside a policy":       func(r *trace.Request) { r.Act.Beside = []string{"expert"} },
		"has no name":                           func(r *trace.Request) { r.Act.Beside = []string{""} },
		"either acts or draws":                  func(r *trace.Request) { r.Draw = &trace.Draw{} },
		"acting has no sweep":                   func(r *trace.Request) { r.Sweep = &trace.Sweep{} },
		"forced by hand while a robot":          func(r *trace.Request) { r.Force = []trace.Forced{{}} },
		"leave the picture out":                 func(r *trace.Request) { r.Picture = "x.png" },
		"asked no question":                     func(r *trace.Request) { r.Messages = []trace.Message{{}} },
		"only one policy can act":               func(r *trace.Request) { r.Compare = []trace.Stack{{}} },
		"2 methods are chosen":                  func(r *trace.Request) { r.Methods = append(r.Methods, spec("cogvla")) },
		"the scripted expert has no network":    func(r *trace.Request) { r.Model = trace.Expert },
		`there is no policy "openvla"`:          func(r *trace.Request) { r.Model = "openvla" },
		"there is no folder ./gone":             func(r *trace.Request) { r.Model = "./gone" },
		"is a file; a policy is a folder":       func(r *trace.Request) { r.Model = file },
		`no device "quantum"`:                   func(r *trace.Request) { r.Device = "quantum" },
		"none stands in the middle":             goOn,
		"there is no folder ./other; check the": func(r *trace.Request) { r.Act.Beside = []string{"./other"} },
	} {
		events, err := collect(t, l, toAct(2, change))
		if err == nil || !strings.Contains(err.Error(), want) || slices.Contains(types(events), "acting") {
			t.Errorf("-want %q in\n+got  %v", want, err)
		}
	}
	simulator(t)
	for want, change := range map[string]func(*trace.Request){
		"fastv does not act on robot policies": func(r *trace.Request) { r.Methods = []trace.Spec{spec("fastv")} },
		`there is no method "magic"`:           func(r *trace.Request) { r.Methods = []trace.Spec{spec("magic")} },
	} {
		if _, err := collect(t, l, toAct(2, change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-want %q in\n+got  %v", want, err)
		}
	}
	acted(t, l, toAct(2))
	for want, change := range map[string]func(*trace.Request){
		"what stands is " + robot + " at table press-button with seed 3": func(r *trace.Request) { r.Act.Seed = 4 },
		"start it anew": func(r *trace.Request) { r.Act.Task = "push" },
		"./other":       func(r *trace.Request) { r.Act.Beside = []string{"./other"} },
	} {
		if _, err := collect(t, l, toAct(2, goOn, change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-want %q in\n+got  %v", want, err)
		}
	}
	acted(t, l, toAct(2, goOn)) // what was refused took nothing away
}

// TestADeviceThatIsLostEndsTheEpisode, and the next run opens it anew.
func TestADeviceThatIsLostEndsTheEpisode(t *testing.T) {
	simulator(t)
	for _, left := range []int{0, 9, 40} { // trying out, at the first look, later
		l := local(t)
		n := left
		l.open = func(string, int) (compute.Backend, string, error) {
			return failing{ref.New(2), &n}, "computing in plain Go", nil
		}
		events, err := collect(t, l, toAct(30))
		if s := trace.Fold(events); !errors.Is(err, errGone) || s.Error == "" || s.Acted != nil {
			t.Fatalf("after %d graphs: %v", left, err)
		}
		if _, err := collect(t, l, toAct(1, goOn)); err == nil || !strings.Contains(err.Error(), "start it anew") {
			t.Errorf("got %v", err)
		}
		n = 1 << 30
		if _, s := acted(t, l, toAct(2)); len(s.Episodes[0].Moves) != 2 || !slices.Equal(s.Notices, []string{"computing in plain Go"}) {
			t.Errorf("%+v, %q", s.Episodes[0], s.Notices)
		}
	}
}

// TestModelsOfOtherKindsTakeTurns: only one kind is in memory.
func TestModelsOfOtherKindsTakeTurns(t *testing.T) {
	simulator(t)
	f := new(fakePainter)
	l := withPainter(t, f)
	l.Prepare(t.Context(), toAct(1))
	if l.stage == nil || len(l.stage.policies) != 1 {
		t.Fatal("nothing was loaded")
	}
	if _, s := acted(t, l, toAct(1)); s.Model.LoadMS != 0 {
		t.Error("what was prepared is loaded again")
	}
	if _, err := collect(t, l, drawing(1)); err != nil || l.stage != nil {
		t.Errorf("%v, the policies are still there", err)
	}
	if _, err := collect(t, l, toAct(1, goOn)); err == nil || !strings.Contains(err.Error(), "did something else meanwhile") || !f.closed || l.painter != nil {
		t.Errorf("got %v", err)
	}
	acted(t, l, toAct(1))
}
