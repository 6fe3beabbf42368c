package robotics

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestWilson compares with the formula's published values.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{5, 5, 0.5655, 1}, {0, 10, 0, 0.2775}, {1, 1, 0.2065, 1}, {50, 100, 0.4038, 0.5962}, {81, 263, 0.2553, 0.3662}, {0, 0, 0, 1}} {
		if low, high := Wilson(c.k, c.n); math.Abs(low-c.low) > 1e-4 || math.Abs(high-c.high) > 1e-4 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

func TestLatencyLeavesColdCallsOut(t *testing.T) {
	r := &Report{Episodes: []Outcome{{Thoughts: []Thought{{MS: 900, Cold: true, FLOPs: 10, Kept: []int{4, 4}}, {MS: 3, FLOPs: 10, Kept: []int{4, 2}}}},
		{Thoughts: []Thought{{MS: 5, FLOPs: 40, Kept: []int{4, 0}}}}}}
	if ms, ok := r.Latency(); !ok || ms != 4 {
		t.Errorf("%v, %v", ms, ok)
	}
	if f, ok := r.FLOPs(); !ok || f != 20 {
		t.Errorf("%v, %v", f, ok)
	}
	if k := r.Kept(); !slices.Equal(k, []float64{4, 2}) {
		t.Errorf("%v", k)
	}
	r.Episodes = r.Episodes[:1]
	r.Episodes[0].Thoughts = r.Episodes[0].Thoughts[:1]
	if ms, ok := r.Latency(); !ok || ms != 900 {
		t.Errorf("the only call is cold, and counts: %v, %v", ms, ok)
	}
	empty := &Report{Episodes: []Outcome{{}}}
	if _, ok := empty.Latency(); ok || empty.Kept() != nil {
		t.Error("a script has a latency")
	}
}

func TestFind(t *testing.T) {
	for _, name := range []string{"reach", "reach-v3"} {
		if task, err := Find("metaworld", name); err != nil || task.Name != "reach" {
			t.Errorf("%s: %+v, %v", name, task, err)
		}
	}
	for want, names := range map[string][2]string{
		"no suite was chosen: choose metaworld or table":              {"", "push"},
		`no suite is called "tables": choose metaworld or table`:      {"tables", "push"},
		`table has no task "fly": choose from pick-colour, pick-side`: {"table", "fly"},
		"no task was chosen: table has pick-colour, pick-side":        {"table", ""},
	} {
		if _, err := Find(names[0], names[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestCamerasAreTheUsualOneAndTheHands(t *testing.T) {
	for suite, want := range map[string][]string{"metaworld": {"corner2", "gripperPOV"}, "table": {"front", "wrist"}} {
		task, err := Find(suite, "push")
		if err != nil {
			t.Fatal(err)
		}
		if got := Cameras(task, 2); !slices.Equal(got, want) {
			t.Errorf("%s: %v", suite, got)
		}
		if got := Cameras(task, 99); len(got) != len(task.Cameras) {
			t.Errorf("%s: %v", suite, got)
		}
	}
}

func TestWhatDoesNotFitIsTold(t *testing.T) {
	task, err := Find("table", "push")
	if err != nil {
		t.Fatal(err)
	}
	two := []string{"front", "wrist"}
	if err := Fit(tiny, task, two); err != nil {
		t.Error(err)
	}
	none := tiny
	none.Proprio = 0 // reads no state
	if err := Fit(none, task, two); err != nil {
		t.Error(err)
	}
	libero, aloha := tiny, tiny
	libero.Action, libero.Proprio = 7, 8
	aloha.Proprio = 14
	for _, c := range []struct {
		want string
		err  error
	}{
		{"actions have 7 numbers, table push takes 4 (x, y, z, gripper)", Fit(libero, task, two)},
		{"reads 14 numbers of the robot's state, table push has 4 (hand x, hand y, hand z, gripper)", Fit(aloha, task, two)},
		{"looks through 2 cameras, and 1 were chosen for table push (front): choose 2 of front, wrist, top", Fit(tiny, task, two[:1])},
		{`table push has no camera "corner": choose from front, wrist, top`, Fit(tiny, task, []string{"front", "corner"})},
		{"the camera front is named twice", Fit(tiny, task, []string{"front", "front"})},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("got %v, want %s", c.err, c.want)
		}
	}
}
