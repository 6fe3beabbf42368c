package gui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
)

// robotBench is a window in the Robot view.
func robotBench(t *testing.T, e *fakeRobot) *bench {
	t.Helper()
	b := newBench(t, e)
	b.win.Resize(fyne.NewSize(1440, 900))
	b.setView(viewRobot)
	return b
}

func (b *bench) press(name fyne.KeyName) { b.typedKey(&fyne.KeyEvent{Name: name}) }

// act runs and waits for the end.
func (b *bench) act() {
	b.t.Helper()
	b.robot.run()
	if !b.robot.live() {
		b.t.Fatalf("nothing runs; the banner says %q", b.ui.banner.Text())
	}
	b.until("the run is done", func() bool { return b.run == nil })
}

func TestRobotRunsAnEpisodeAndShowsItAll(t *testing.T) {
	e := &fakeRobot{}
	b := robotBench(t, e)
	u := &b.robot.ui
	if got := u.cameras[0].Picture(); got != nil || !strings.Contains(b.robot.hint(0), "Press Enter") {
		t.Error("there is a picture before a run")
	}
	if u.instruction.PlaceHolder != "put a cube on the plate" {
		t.Errorf("placeholder %q", u.instruction.PlaceHolder)
	}
	b.press(fyne.KeyReturn)
	b.until("the run is done", func() bool { return b.run == nil })
	r := e.asked()[0]
	a := r.Act
	if r.Model != policyCogVLA || a == nil || a.Suite != "table" || a.Task != "put-plate" || a.Seed != 1 || a.Episodes != 1 || a.Continue || a.Moves != 0 || a.View != viewSide {
		t.Errorf("asked %+v, %+v", r, a)
	}
	if len(r.Methods) != 1 || r.Methods[0].Name != "cogvla" || r.Methods[0].Params != nil || len(a.Beside) != 1 || a.Beside[0] != policyDense {
		t.Errorf("methods %+v beside %v", r.Methods, a.Beside)
	}
	if u.cameras[0].Picture() == nil || u.cameras[1].Picture() == nil {
		t.Error("a camera shows nothing")
	}
	if b.robot.at != fakeSteps-1 || u.strip.At() != fakeSteps-1 {
		t.Errorf("at step %d, the strip at %d", b.robot.at, u.strip.At())
	}
	if got := u.curvesTitle.Text(); got != "Next 8 actions: Dense 4.8M (line) and CogVLA 4.8M (dots)" {
		t.Errorf("curves %q", got)
	}
	rows, notes := b.robot.savings()
	if len(rows) != 2 || rows[0].Text != "1.50× sooner" || rows[0].Basis != "measured" || rows[1].Text != "40 %" || rows[1].Basis != "counted" {
		t.Errorf("savings %+v", rows)
	}
	if len(notes) != 2 || !strings.Contains(notes[0], "12 ms a chunk of 8 actions, median of 2 looks") {
		t.Errorf("notes %q", notes)
	}
	if got := u.exported.Text(); got != "Episode 1 · 24 steps · success" {
		t.Errorf("export says %q", got)
	}
	if u.instruction.PlaceHolder != "put the red cube in the bowl" {
		t.Errorf("after a run the placeholder is %q", u.instruction.PlaceHolder)
	}
	if b.robot.goesOn() || !strings.HasPrefix(u.run.Text(), "Run") {
		t.Errorf("an episode that is over goes on: %q", u.run.Text())
	}
}

func TestScrubbingAnEpisodeShowsThatStepEverywhere(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	b.act()
	u := &b.robot.ui
	last := u.cameras[0].Picture()
	b.press(fyne.KeyHome)
	if b.robot.at != 0 || u.strip.At() != 0 || u.cameras[0].Picture() == last || u.where.Text() != "looked at step 0" {
		t.Errorf("Home: step %d, %q", b.robot.at, u.where.Text())
	}
	u.strip.OnScrub(10)
	if u.where.Text() != "looked at step 8" || u.routing.Selected() != fakeRouted-1 {
		t.Errorf("step 10: %q, layer %d", u.where.Text(), u.routing.Selected())
	}
	b.press(fyne.KeyUp)
	if b.robot.layer != fakeRouted-2 || u.maskTitle.Text() != "Attention mask of layer 2" {
		t.Errorf("up: layer %d, %q", b.robot.layer, u.maskTitle.Text())
	}
	u.looks.OnSelect(4)
	if u.where.Text() != "token 4, step 8" {
		t.Errorf("a token: %q", u.where.Text())
	}
	mean, one := b.robot.heat(b.robot.thought(trace.Pruned), 0), []float32(nil)
	b.robot.vector = -1
	one = b.robot.heat(b.robot.thought(trace.Pruned), 0)
	if len(mean) != fakePatches*fakePatches || mean[0] == one[0] && mean[7] == one[7] {
		t.Error("one token looks as all of them do")
	}
	b.typedRune('h')
	b.typedRune('h')
	b.typedRune('h')
	if b.robot.form.Heat != heatNone || b.robot.heat(b.robot.thought(trace.Pruned), 0) != nil {
		t.Errorf("heat %q", b.robot.form.Heat)
	}
	b.press(fyne.KeySpace) // the run is over: it is played
	if b.robot.playing == nil {
		t.Fatal("Space does not play")
	}
	b.until("it has played on", func() bool { return b.robot.at > 13 })
	b.press(fyne.KeySpace)
	if b.robot.playing != nil {
		t.Error("Space does not pause")
	}
}

func TestHeatWeighsTheEncodersByTheGate(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	b.act()
	r := b.robot
	th := r.thought(trace.Pruned)
	one := func(heat string) []float32 { r.form.Heat = heat; return r.heat(th, 1) }
	dino, siglip, both := one(heatDINO), one(heatSigLIP), one(heatBoth)
	for i := range both {
		if want := th.Gate[0]*dino[i] + th.Gate[1]*siglip[i]; both[i]-want > 1e-6 || want-both[i] > 1e-6 {
			t.Fatalf("patch %d: %v, want %v", i, both[i], want)
		}
	}
}

func TestStripNamesWhatTheGripperDoes(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	b.act()
	m := marksOf(b.robot.now(), b.robot.state().Acting)
	got := map[string]int{}
	for _, l := range m.Labels {
		got[l.Text] = l.Step
	}
	if len(m.Labels) != 3 || got["grasp"] != fakeGrasp || got["release"] != fakeRelease || got["success"] != fakeSteps-1 || !m.Success {
		t.Errorf("marks %+v", m)
	}
	if len(m.Looks) != 3 || m.Looks[1] != 8 || m.Steps != fakeSteps || m.Of != fakeSteps {
		t.Errorf("marks %+v", m)
	}
}

func TestButtonsBreakTheirLinesAtTheWidth(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	f := &flow{gap: 4}
	o := []fyne.CanvasObject{b.robot.ui.run, b.robot.ui.once, b.robot.ui.back}
	one := f.MinSize(o)
	f.Layout(o, fyne.NewSize(one.Width+1, 50))
	if got := f.MinSize(o); got.Height <= 2*one.Height {
		t.Errorf("three lines are %v high, one is %v", got.Height, one.Height)
	}
	f.Layout(o, fyne.NewSize(1000, 50))
	if got := f.MinSize(o); got.Height != one.Height || o[1].Position().X <= o[0].Size().Width {
		t.Errorf("one line is %v high, the second button at %v", got.Height, o[1].Position())
	}
}
