package suites

import (
	"strings"
	"testing"

	"winnow/internal/native"
	"winnow/robotics/sim"
	"winnow/robotics/sim/render"
)

// Every task that is listed opens, resets, takes a step of its expert, and is what its Task
// says.
func TestEveryTaskOpens(t *testing.T) {
	tasks, err := Tasks("")
	if err != nil || len(tasks) != 20 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	if found, err := native.FindMuJoCo(); err != nil || found.Assets == "" {
		t.Skip("the simulator or its scenes are not installed: ", err)
	}
	for _, task := range tasks {
		env, err := Open(task.Suite, task.Name, render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		expert, err := Expert(task.Suite, task.Name, true)
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		_, _, err = sim.Episode(env, expert, 1, 0, func(action []float32, r sim.Result) error {
			if steps++; len(action) != len(task.Action) || len(r.Proprio) != len(task.Proprio) || r.Instruction == "" {
				t.Errorf("%s: %d numbers, %d of the robot, instruction %q", task.Name, len(action), len(r.Proprio), r.Instruction)
			}
			return nil
		})
		if err != nil || steps == 0 || steps > task.MaxSteps || env.Task().Name != task.Name {
			t.Errorf("%s: %d steps, %v", task.Name, steps, err)
		}
		env.Close()
		env.Close() // a second time does nothing
	}
}

func TestWithoutTheSimulator(t *testing.T) {
	if _, err := Open("tables", "push", render.Options{}); err == nil || !strings.Contains(err.Error(), "choose metaworld or table") {
		t.Errorf("got %v", err)
	}
	if _, err := Expert("metaworld", "fly", false); err == nil || !strings.Contains(err.Error(), "choose reach, push") {
		t.Errorf("got %v", err)
	}
	if _, err := Tasks("tables"); err == nil {
		t.Error("no error")
	}
	if env, err := Open("table", "fly", render.Options{}); err == nil || env != nil {
		t.Errorf("got %v, %v", env, err)
	}
}
