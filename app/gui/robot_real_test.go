package gui

import (
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"winnow/internal/native"
	"winnow/internal/trace"
	"winnow/robotics/export"
)

// realRobot is a bench with the real engine; tests that need the simulator are skipped without it.
func realRobot(t *testing.T) *bench {
	t.Helper()
	if _, err := native.FindMuJoCo(); err != nil {
		t.Skip(err)
	}
	b := realBench(t)
	b.win.Resize(fyne.NewSize(1440, 900))
	b.setView(viewRobot)
	b.chooseDevice("cpu") // auto may be a GPU in software, slower than either
	return b
}

// stepped makes a look and waits for its end.
func (b *bench) stepped() {
	b.t.Helper()
	b.typedRune('.')
	if !b.robot.live() {
		b.t.Fatalf("nothing runs; the banner says %q", b.ui.banner.Text())
	}
	b.until("it has stepped", func() bool { return b.run == nil })
	if s := b.robot.state(); s.Error != "" {
		b.t.Fatal(s.Error)
	}
}

func TestRealExpertStepsGoesOnAndIsExported(t *testing.T) {
	b := realRobot(t)
	b.robot.chooseModel(trace.Expert)
	b.robot.chooseTask("press-button")
	b.stepped()
	b.stepped()
	if n := b.robot.steps(); n != 2 || !b.robot.goesOn() || b.robot.ui.cameras[1].Picture() == nil {
		t.Fatalf("%d steps", n)
	}
	path := filepath.Join(t.TempDir(), "set")
	if err := b.robot.write(export.LeRobotV3, path, b.robot.state()); err != nil {
		t.Error(err)
	}
	b.settle()
}

func TestRealPolicyIsToldSomethingElseInTheMiddle(t *testing.T) {
	b := realRobot(t)
	if b.robot.model() == trace.Expert {
		t.Skip("no learned policy is built in")
	}
	b.stepped()
	b.robot.say("push the blue cube to the right")
	b.stepped()
	s := b.robot.state()
	e := s.Episodes[0]
	chunk := s.Acting.Player(trace.Pruned).Chunk
	th := e.ThoughtAt(trace.Pruned, chunk)
	if len(e.Moves) != 2*chunk || th.Step != chunk || th.Instruction != "push the blue cube to the right" {
		t.Errorf("%d steps, asked at %d: %q", len(e.Moves), th.Step, th.Instruction)
	}
	b.robot.seek(chunk)
	if rows, total := b.robot.routing(th); len(rows) != len(th.Layers) || total != len(th.Layers[len(th.Layers)-1].Probability) {
		t.Errorf("%d layers of %d rows", len(rows), total)
	}
	for camera := range s.Acting.Cameras {
		if len(b.robot.heat(th, camera)) == 0 {
			t.Errorf("nothing is looked at in %s", s.Acting.Cameras[camera])
		}
	}
	if groups, sees := b.robot.maskOf(th, len(th.Layers)-1); len(groups) != 4 || len(sees) == 0 {
		t.Errorf("mask of %d groups", len(groups))
	}
	rows, _ := b.robot.savings()
	if len(rows) != 4 || rows[0].Label != "Latency" || rows[2].Label != "An action, OpenVLA" || rows[3].Fraction > 0.125 {
		t.Errorf("savings %+v", rows) // the autoregressive one gives an eighth of the actions
	}
}
