package demos

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"winnow/robotics"
	"winnow/robotics/sim"
	"winnow/robotics/sim/suites"
)

// climber raises the hand, four steps a look.
type climber struct {
	looks, closed int
	fails         error
}

func (c *climber) Stage(sim.Task) (robotics.Actor, error) { return c, nil }
func (c *climber) Close()                                 { c.closed++ }
func (c *climber) Cameras() []string                      { return []string{"wrist"} }
func (c *climber) Begin(string, uint64) error             { return nil }
func (c *climber) Act(_ context.Context, s robotics.Seen) (robotics.Chunk, error) {
	c.looks++
	if len(s.Pictures) != 1 || s.Pictures[0].Bounds().Dx() != 32 {
		return robotics.Chunk{}, errors.New("it sees nothing")
	}
	up := []float32{0, 0, 1, 1}
	return robotics.Chunk{Actions: [][]float32{up, up, up, up}}, c.fails
}

// firstHeight is the hand's in the first step of a record.
func firstHeight(t *testing.T, data []byte) float32 {
	h, rest := header(t, data)
	return math.Float32frombits(binary.LittleEndian.Uint32(rest[h.Seen()*len(h.Cameras)*h.Size*h.Size*3+8:]))
}

// TestTheExpertGoesOnWhereTheLearnerGot: a record begins with the expert's first step.
func TestTheExpertGoesOnWhereTheLearnerGot(t *testing.T) {
	o := Options{Suites: []string{"table"}, Tasks: []string{"press-button"}, First: 9, Count: 1, Size: 32, Every: 4, After: 3}
	alone := played(t, o)
	c := &climber{}
	o.Learner, o.Lead = func() (Learner, error) { return c, nil }, 12
	led := played(t, o)
	if a, b := firstHeight(t, alone), firstHeight(t, led); b < a+0.01 || c.looks == 0 || c.closed != 1 {
		t.Errorf("the hand begins at %v, with a learner that raises it at %v; it looked %d times and was closed %d times", a, b, c.looks, c.closed)
	}
	c.fails = errors.New("no thought")
	if _, err := Stream(&nothing{}, o, 0); !errors.Is(err, c.fails) {
		t.Errorf("the learner's error became %v", err)
	}
}

type nothing struct{}

func (nothing) Write(b []byte) (int, error) { return len(b), nil }

// TestALearnerThatIsDoneIsLeftOut: where it fulfils the task, nothing is recorded.
func TestALearnerThatIsDoneIsLeftOut(t *testing.T) {
	o := Options{Suites: []string{"table"}, Tasks: []string{"press-button"}, First: 9, Count: 2, Size: 32, Every: 4}
	played(t, o) // or skip
	o.Learner, o.Lead = func() (Learner, error) { return able{}, nil }, 4000
	c, err := Stream(&nothing{}, o, 0)
	if err != nil || c.Kept != 0 || c.Failed != 2 {
		t.Errorf("%v, %v", c, err)
	}
}

// able hands the task to the script.
type able struct{}

func (able) Stage(t sim.Task) (robotics.Actor, error) {
	return robotics.NewScript(t.Suite, t.Name, false)
}
func (able) Close() {}

// TestTheMeantActionIsRecorded: not the noise that it was carried out with.
func TestTheMeantActionIsRecorded(t *testing.T) {
	for suite, task := range map[string]string{"table": "put-bowl", "metaworld": "push"} {
		e, err := suites.Expert(suite, task, true)
		if err != nil {
			t.Fatal(err)
		}
		exact, err := suites.Expert(suite, task, false)
		if err != nil {
			t.Fatal(err)
		}
		state := make([]float64, 40)
		for i := range state {
			state[i] = 0.01 * float64(i%7)
		}
		state[30], state[31] = 2, 1 // the table's goal: a cube into the bowl
		o := sim.Observation{State: state}
		e.Begin(1)
		exact.Begin(1)
		differ := false
		for range 20 {
			did, want := e.Act(o), exact.Act(o)
			for i, v := range e.(sim.Intender).Meant() {
				if v != want[i] {
					t.Errorf("%s/%s: meant %v, without noise %v", suite, task, v, want[i])
				}
				differ = differ || v != did[i]
			}
		}
		if !differ {
			t.Errorf("%s/%s: there was no noise", suite, task)
		}
	}
}
