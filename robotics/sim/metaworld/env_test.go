package metaworld

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/robotics/sim"
	"winnow/robotics/sim/mujoco"
)

var _ sim.Env = (*Env)(nil)

// The same seed is the same episode, in the same environment and in another one, whatever
// was done before; another seed is another episode.
func TestSeedsDecideEverything(t *testing.T) {
	a, b := open(t, "push"), open(t, "push")
	play := func(e *Env, seed uint64) (out []float64) {
		x, err := NewExpert("push")
		if err != nil {
			t.Fatal(err)
		}
		x.Noise = 0.3
		_, _, err = sim.Episode(e, x, seed, 3, func(action []float32, r sim.Result) error {
			out = append(append(out, r.State...), r.Reward, float64(action[0]))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := play(a, 5)
	play(a, 6)
	if !slices.Equal(first, play(a, 5)) || !slices.Equal(first, play(b, 5)) {
		t.Error("seed 5 differs from itself")
	}
	if slices.Equal(first, play(b, 6)) {
		t.Error("seed 6 is seed 5")
	}
}

func TestPicturesOfEveryTask(t *testing.T) {
	for _, task := range Tasks() {
		e := open(t, task.Name)
		if _, err := e.Reset(1); err != nil {
			t.Fatal(err)
		}
		first, err := e.Picture("", nil)
		if err != nil {
			if strings.Contains(err.Error(), "cannot be painted here") {
				t.Skip(err)
			}
			t.Fatal(err)
		}
		if w, h := e.Size(); len(first) != 3*w*h {
			t.Fatalf("%d bytes", len(first))
		}
		for _, camera := range task.Cameras[1:] {
			if other, err := e.Picture(camera, nil); err != nil || bytes.Equal(other, first) {
				t.Errorf("%s through %s: %v", task.Name, camera, err)
			}
		}
		for range 10 {
			if _, err := e.Step([]float32{1, 1, 0, 0}); err != nil {
				t.Fatal(err)
			}
		}
		if moved, err := e.Picture("", nil); err != nil || bytes.Equal(moved, first) {
			t.Errorf("%s: a moved arm leaves the picture as it was: %v", task.Name, err)
		}
		e.Close()
	}
}

func TestRefusals(t *testing.T) {
	e := open(t, "reach")
	say := func(name string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	still := make([]float32, 4)
	_, err := e.Step(still)
	say("before Reset", err, "call Reset")
	if _, err := e.Reset(0); err != nil {
		t.Fatal(err)
	}
	_, err = e.Step(still[:3])
	say("three numbers", err, "takes 4")
	_, err = e.Step([]float32{0, float32(math.NaN()), 0, 0})
	say("no number", err, "number 1 (y) of the action for reach is NaN")
	for i := range maxSteps {
		r, err := e.Step(still)
		if err != nil || r.Truncated != (i == maxSteps-1) {
			t.Fatalf("step %d: %v, %v", i, r.Truncated, err)
		}
	}
	_, err = e.Step(still)
	say("after the end", err, "is over")

	if _, err := e.Reset(0); err != nil {
		t.Fatal(err)
	}
	e.d.QVel[10] = 1e15
	_, err = e.Step(still)
	say("blown up", err, `at body "obj", whose velocity ran away`)
	_, err = e.Step(still)
	say("after that", err, "call Reset")
	if _, err := e.Reset(0); err != nil {
		t.Fatal(err)
	}
	_, err = NewExpert("fly")
	say("no such task", err, "choose reach, push, pick-place")
	mujoco.TakeWarnings()
}

func TestTurn(t *testing.T) {
	rgb := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
	if turn(rgb); !bytes.Equal(rgb, []byte{7, 8, 9, 4, 5, 6, 1, 2, 3}) {
		t.Errorf("got %v", rgb)
	}
}

func TestTolerance(t *testing.T) {
	for _, c := range []struct{ got, want float64 }{
		{longTail(0.5, 0, 1, 2), 1}, {longTail(3, 0, 1, 2), 0.1}, {longTail(-2, 0, 1, 2), 0.1}, {gaussian(3, 0, 1, 2), 0.1},
		{longTail(3, 0, 1, 0), 0}, {both(1, 0.3), 0.3}, {both(0, 0), 0}, {prism(vec{.5, .5, .5}, vec{}, vec{1, 1, 1}), .125},
		{prism(vec{2, .5, .5}, vec{}, vec{1, 1, 1}), 1},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	// A third of a turn about the diagonal, and half turns about each axis.
	for q, m := range map[[4]float64][]float64{
		{.5, .5, .5, .5}: {0, 0, 1, 1, 0, 0, 0, 1, 0}, {1, 0, 0, 0}: {1, 0, 0, 0, -1, 0, 0, 0, -1},
		{0, 1, 0, 0}: {-1, 0, 0, 0, 1, 0, 0, 0, -1}, {0, 0, 1, 0}: {-1, 0, 0, 0, -1, 0, 0, 0, 1}, {0, 0, 0, 1}: {1, 0, 0, 0, 1, 0, 0, 0, 1},
	} {
		if got := quaternion(m); got != q {
			t.Errorf("got %v, want %v", got, q)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	e := open(b, "push")
	if _, err := e.Reset(0); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		if n++; n > maxSteps {
			n = 1
			if _, err := e.Reset(0); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := e.Step([]float32{0, .1, 0, 0}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPicture(b *testing.B) {
	e := open(b, "push")
	if _, err := e.Reset(0); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := e.Picture("", nil); err != nil {
			b.Fatal(err)
		}
	}
}
