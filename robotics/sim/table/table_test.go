package table

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"winnow/internal/native"
	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
	"winnow/robotics/sim/render"
)

var _ sim.Env = (*Env)(nil)

func open(t testing.TB, name string, o render.Options) *Env {
	t.Helper()
	if _, err := native.FindMuJoCo(); err != nil {
		t.Skip(err)
	}
	e, err := Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// Nothing is done at first, and doing nothing does nothing.
func TestNoTaskIsDoneByItself(t *testing.T) {
	for _, task := range Tasks() {
		e := open(t, task.Name, render.Options{})
		for seed := range uint64(10) {
			if _, err := e.Reset(seed); err != nil {
				t.Fatal(err)
			}
			for range 15 {
				r, err := e.Step([]float32{0, 0, 0, -1})
				if err != nil {
					t.Fatal(err)
				}
				if r.Success || r.Reward != 0 || r.Info["disturbed"] > 0.004 {
					t.Fatalf("%s, seed %d: success %v, cubes moved %.4f m", task.Name, seed, r.Success, r.Info["disturbed"])
				}
			}
		}
		e.Close()
	}
}

// What the expert of one goal does is no success of another task.
func TestOnlyTheInstructedCubeCounts(t *testing.T) {
	e := open(t, "pick-colour", render.Options{})
	o, err := e.Reset(4)
	if err != nil {
		t.Fatal(err)
	}
	x := &Expert{}
	x.Begin(4)
	wrong := (e.goal.object + 1) % cubes
	for range 60 {
		told := slices.Clone(o.State)
		told[31] = float64(wrong)
		r, err := e.Step(x.Act(sim.Observation{State: told}))
		if err != nil {
			t.Fatal(err)
		}
		if r.Success {
			t.Fatal("another cube was lifted, and it counts")
		}
		o = r.Observation
	}
	if s := State(o.State); s.cube(wrong)[2] < 0.08 {
		t.Error("the other cube was not lifted")
	}
}

func TestInstructionsNameTheGoal(t *testing.T) {
	for i := range tasks {
		e := open(t, tasks[i].name, render.Options{})
		seen := map[string]bool{}
		for seed := range uint64(40) {
			o, err := e.Reset(seed)
			if err != nil {
				t.Fatal(err)
			}
			g, text := State(o.State).goal(), o.Instruction
			seen[text] = true
			if strings.ContainsAny(text, "{}") || g.task != &tasks[i] {
				t.Fatalf("%s: %q", g.task.name, text)
			}
			if g.task.object && !strings.Contains(text, colours[g.object]) || g.task.other && !strings.Contains(text, colours[g.other]) {
				t.Errorf("%q is for %+v", text, g)
			}
			if g.task.side && strings.Contains(text, "left") != (g.side == left) {
				t.Errorf("%q is for side %d", text, g.side)
			}
			if g.task.name == "pick-side" {
				for c := range cubes {
					s := State(o.State)
					if c != g.object && (s.cube(c)[0]-s.cube(g.object)[0])*float64(g.side) > -0.03 {
						t.Errorf("%q: cube %d is no less to the side than cube %d", text, c, g.object)
					}
				}
			}
		}
		if least := 3; len(seen) < least {
			t.Errorf("%s has %d wordings", tasks[i].name, len(seen))
		}
		e.Close()
	}
}

func TestSeedsDecideEverything(t *testing.T) {
	a, b := open(t, "stack", render.Options{}), open(t, "stack", render.Options{})
	play := func(e *Env, seed uint64) (out []float64, text string) {
		_, _, err := sim.Episode(e, NewExpert(), seed, 0, func(_ []float32, r sim.Result) error {
			out, text = append(out, r.State...), r.Instruction
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out, text
	}
	first, text := play(a, 3)
	play(a, 4)
	for _, e := range []*Env{a, b} {
		if again, said := play(e, 3); !slices.Equal(first, again) || said != text {
			t.Error("seed 3 differs from itself")
		}
	}
	if other, _ := play(b, 5); slices.Equal(first, other) {
		t.Error("seed 5 is seed 3")
	}
}

func TestPictures(t *testing.T) {
	e := open(t, "push", render.Options{Width: 64, Height: 64})
	o, err := e.Reset(2)
	if err != nil {
		t.Fatal(err)
	}
	first, err := e.Picture("", nil)
	if err != nil {
		if strings.Contains(err.Error(), "cannot be painted here") {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	for _, camera := range e.Task().Cameras[1:] {
		if other, err := e.Picture(camera, nil); err != nil || bytes.Equal(first, other) {
			t.Errorf("%s: %v", camera, err)
		}
	}
	// Left in the state is left in the picture: the reddest column is where the red cube is.
	red, best, column := State(o.State).cube(0), 0, -1
	for x := range 64 {
		sum := 0
		for y := range 64 {
			p := first[3*(64*y+x):]
			if int(p[0]) > 2*int(p[1])+20 && int(p[0]) > 2*int(p[2])+20 {
				sum += int(p[0])
			}
		}
		if sum > best {
			best, column = sum, x
		}
	}
	if column < 0 || (red[0] > 0.05 && column < 32) || (red[0] < -0.05 && column > 32) {
		t.Errorf("the red cube at x = %.2f m is in column %d of 64", red[0], column)
	}
	if again, err := e.Picture("front", nil); err != nil || !bytes.Equal(first, again) {
		t.Errorf("the same state gives another picture: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := Open("juggle", render.Options{}); err == nil || !strings.Contains(err.Error(), "choose pick-colour, pick-side") {
		t.Errorf("got %v", err)
	}
	e := open(t, "push", render.Options{})
	say := func(name string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := e.Step(make([]float32, 4))
	say("before Reset", err, "call Reset")
	if _, err := e.Reset(0); err != nil {
		t.Fatal(err)
	}
	_, err = e.Step(make([]float32, 7))
	say("seven numbers", err, "takes 4")
	e.d.QVel[e.cubeV[2]] = 1e12
	_, err = e.Step(make([]float32, 4))
	say("blown up", err, `at body "blue", whose velocity ran away`)
	_, err = e.Step(make([]float32, 4))
	say("after that", err, "call Reset")
	if _, err := e.Reset(0); err != nil {
		t.Fatal(err)
	}
	for range maxSteps {
		if _, err := e.Step(make([]float32, 4)); err != nil {
			t.Fatal(err)
		}
	}
	_, err = e.Step(make([]float32, 4))
	say("after the end", err, "is over")
	mujoco.TakeWarnings()
}

func BenchmarkStep(b *testing.B) {
	e := open(b, "stack", render.Options{})
	for n := 0; b.Loop(); n++ {
		if n%maxSteps == 0 {
			if _, err := e.Reset(3); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := e.Step([]float32{0, .1, 0, -1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPicture(b *testing.B) {
	e := open(b, "stack", render.Options{})
	if _, err := e.Reset(3); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := e.Picture("", nil); err != nil {
			b.Fatal(err)
		}
	}
}
