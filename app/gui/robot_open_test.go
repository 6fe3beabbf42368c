package gui

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
)

func TestDroppedRunOfARobotRestoresEverything(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	b.robot.edit("", func(f *robotForm) {
		f.Seed, f.Episodes = 5, 2
		f.Methods = []stage{{Name: "cogvla", Params: map[string]string{"min": "0.25"}}}
	})
	b.robot.say("put it there")
	b.act()
	path := filepath.Join(t.TempDir(), "bowl.jsonl")
	if err := trace.WriteFile(path, b.robot.shown.events); err != nil {
		t.Fatal(err)
	}
	e := &fakeRobot{}
	o := newBench(t, e)
	o.dropped(fyne.Position{}, uris(path))
	o.until("the run is open", func() bool { return o.robot.shown.state != nil })
	f, u := o.robot.form, &o.robot.ui
	if !o.inRobot() || f.Task != "put-plate" || f.Seed != 5 || f.Episodes != 2 || u.instruction.Text != "put it there" || u.seed.Text != "5" || f.Model != policyCogVLA {
		t.Errorf("in Robot %v, %+v", o.inRobot(), f)
	}
	if u.stack.cards[0].Values()["min"] != "0.25" || u.cameras[0].Picture() == nil || len(e.asked()) != 0 || o.robot.episode != 1 {
		t.Errorf("episode %d, %d runs, methods %+v", o.robot.episode, len(e.asked()), f.Methods)
	}
	if got, want := u.savings, b.robot.ui.savings; got == want || u.medians.Text() != b.robot.ui.medians.Text() {
		t.Errorf("%q, the run said %q", u.medians.Text(), b.robot.ui.medians.Text())
	}
	o.press(fyne.KeyHome)
	o.press(fyne.KeySpace)
	if o.robot.playing == nil || o.run != nil {
		t.Error("Space does not play an opened run")
	}
	o.robot.stopPlaying()
	o.undo()
	if o.robot.form.Seed != 1 {
		t.Error("undo does not bring back what was set before the drop")
	}
}

func TestPausedRunOfATraceBeginsAnew(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	b.typedRune('.')
	b.until("it has stepped", func() bool { return b.run == nil })
	path := filepath.Join(t.TempDir(), "half.jsonl")
	if err := trace.WriteFile(path, b.robot.shown.events); err != nil {
		t.Fatal(err)
	}
	e := &fakeRobot{}
	o := robotBench(t, e)
	o.openFiles([]string{path})
	o.until("the run is open", func() bool { return o.robot.steps() == fakeChunk })
	o.act()
	if e.asked()[0].Act.Continue {
		t.Error("an episode goes on that the engine knows nothing of")
	}
}

func TestTraceWithoutPicturesAndOfAnotherMachineSaysSo(t *testing.T) {
	r := trace.Request{Model: "/gone/policy", Act: &trace.Act{Suite: "kitchen", Task: "cook", Episodes: 1, Seed: 3}}
	var events []trace.Event
	(&fakeRobot{}).Run(t.Context(), r, func(e trace.Event) { events = append(events, e) })
	b := robotBench(t, &fakeRobot{})
	b.robot.restore(opened{events: events, name: "x.jsonl"}, trace.Fold(events))
	got := b.ui.banner.Text()
	for _, want := range []string{"cannot be run here", "/gone/policy is not here", "no camera pictures"} {
		if !strings.Contains(got, want) {
			t.Errorf("banner %q says nothing of: %s", got, want)
		}
	}
	if b.robot.steps() != fakeSteps || b.robot.form.Task != "put-plate" {
		t.Errorf("%d steps, form %+v", b.robot.steps(), b.robot.form)
	}
}

// hostile are events that no robot would send.
func hostile() []trace.Event {
	nan := float32(math.NaN())
	side := trace.Player{Side: trace.Pruned, Model: strings.Repeat("m", 500), Layers: -3, Rows: 1 << 20, Cols: 1 << 20, Visual: -1, Chunk: -2}
	small := trace.Player{Side: trace.Pruned, Model: "small", Layers: 2, Rows: 2, Cols: 2, Visual: 1 << 15, Chunk: 8}
	return []trace.Event{
		trace.Started{Request: trace.Request{Act: &trace.Act{Suite: "table", Task: "push", Episodes: 1}}},
		trace.Model{}, trace.Acting{ControlHz: math.Inf(1), MaxSteps: -5, Sides: []trace.Player{side}},
		trace.EpisodeStarted{},
		trace.Thought{Side: trace.Pruned, Step: 40, Actions: []trace.Floats{nil, {nan, nan}}, Gate: trace.Floats{nan, nan}, MS: math.Inf(1), FLOPs: -1, Text: 1 << 30, Slots: 1 << 30},
		trace.Thought{Side: "pruned9", Step: -4, Gate: trace.Floats{1}},
		trace.Moved{Time: math.NaN(), Views: [][]byte{{1, 2, 3}, nil, {}}, Action: trace.Floats{nan}},
		trace.Moved{Step: 1, Action: nil, Success: true},
		trace.Acting{Action: make([]string, 3000), Cameras: []string{"", "", ""}, Sides: []trace.Player{small, small}},
		trace.Thought{Side: trace.Pruned, Step: 1, Looks: []trace.Look{{Vectors: 4, Share: make([]byte, 16), Peak: math.NaN()}, {Camera: 1, Vectors: 3, Share: make([]byte, 4)}},
			Layers: []trace.Routed{{Skipped: []int{-1, 1 << 30, 0}}, {Probability: trace.Floats{nan}}}, Text: 3, Slots: 2},
		trace.Moved{Step: 2, Views: [][]byte{fakeView(16, 0, 0)}},
		trace.EpisodeDone{Episode: 7}, trace.EpisodeDone{Steps: -1}, trace.Acted{Episodes: -2, Low: math.NaN()},
		trace.Ended{},
	}
}

func TestHostileRunsAreShownAsFarAsTheyGo(t *testing.T) {
	events := hostile()
	b := robotBench(t, &fakeRobot{})
	for n := range len(events) + 1 {
		b.robot.restore(opened{events: events[:n], name: "x.jsonl"}, trace.Fold(events[:n]))
		for i := range b.robot.steps() {
			b.robot.seek(i)
			b.robot.chooseLayer(i)
			b.robot.chooseVector(i)
			b.robot.ui.cameraTabs.OnChanged(1)
		}
		b.robot.showEpisode(5)
		b.robot.showRun()
	}
}

func TestFolderOfAPolicyIsChosen(t *testing.T) {
	e := &fakeRobot{}
	b := newBench(t, e)
	folder := t.TempDir()
	for _, name := range []string{"config.json", "dataset_statistics.json"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.openFiles([]string{folder})
	b.until("it is chosen", func() bool { return b.robot.form.Model != "" })
	if !b.inRobot() || !strings.HasPrefix(b.ui.modelMenu.Text(), short(filepath.Base(folder), 30)) || len(b.robot.ui.variants) != 4 {
		t.Errorf("in Robot %v, menu %q, variants %v", b.inRobot(), b.ui.modelMenu.Text(), b.robot.ui.variants)
	}
	b.act()
	if r := e.asked()[0]; r.Model != folder || len(r.Methods) != 1 || len(r.Act.Beside) != 0 {
		t.Errorf("acted with %+v", r)
	}
	b.robot.ui.variant.OnChanged(0)
	if b.robot.model() != policyDense || len(b.robot.besides()) != 0 || b.robot.methods() != nil {
		t.Errorf("model %q", b.robot.model())
	}
}

func TestRobotViewIsRemembered(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	b.robot.chooseSuite("metaworld")
	b.robot.chooseTask("push")
	b.robot.say("push it")
	b.robot.setHeat(heatSigLIP)
	b.robot.setBeside(policyDense, false)
	var look look
	if err := json.Unmarshal([]byte(b.app.Preferences().String(keyLook)), &look); err != nil || look.View != viewRobot {
		t.Errorf("view %q, %v", look.View, err)
	}
	f := parseRobot(b.app.Preferences().String(keyRobot))
	if f.Suite != "metaworld" || f.Task != "push" || f.Instruction != "push it" || f.Heat != heatSigLIP || len(f.Without) != 1 || len(f.Methods) != 1 {
		t.Errorf("remembered %+v", f)
	}
	bad := parseRobot(`{"suite":"x","task":"y","episodes":-1,"heat":"z","methods":[{"name":"fastv"},{"name":"cogvla"}]}`)
	if d := defaultRobot(); bad.Suite != d.Suite || bad.Task != d.Task || bad.Episodes != 1 || bad.Heat != d.Heat || len(bad.Methods) != 1 || bad.Methods[0].Name != "cogvla" {
		t.Errorf("mended %+v", bad)
	}
	b.undo() // the policy beside
	b.undo() // the task
	if b.robot.form.Task != "reach" || len(b.robot.form.Without) != 0 || b.robot.form.Instruction != "push it" {
		t.Errorf("undone: %+v", b.robot.form)
	}
}

func TestInstructionsAreSuggested(t *testing.T) {
	if got := strings.Join(suggestedWords("table", "put-bowl"), "; "); got != "put the red cube in the bowl; put the green cube in the bowl; push the blue cube to the right; open the drawer" {
		t.Errorf("table: %s", got)
	}
	if got := suggestedWords("metaworld", "door-open"); len(got) != mostSuggested || got[0] != "Open a door with a revolving joint" || got[1] == got[0] {
		t.Errorf("metaworld: %q", got)
	}
	if got := suggestedWords("kitchen", "cook"); len(got) != 0 {
		t.Errorf("no suite: %q", got)
	}
	e := &fakeRobot{}
	b := robotBench(t, e)
	want := "push the blue cube to the right"
	b.robot.ui.suggestions.Objects[2].(*suggestion).tapped()
	if b.robot.ui.instruction.Text != want || b.robot.ui.saidNote.Text() == "" || len(e.asked()) != 0 {
		t.Errorf("said %q", b.robot.ui.instruction.Text)
	}
	b.act()
	if a := e.asked()[0].Act; a.Instruction != want {
		t.Errorf("asked %+v", a)
	}
}

func TestRobotTakesTheEngineFromAskAndGivesIt(t *testing.T) {
	e := slow()
	b := robotBench(t, e)
	b.robot.run()
	b.atStep(1)
	b.openSample(0)
	if b.run != nil || !b.robot.state().Cancelled || b.robot.standing != nil {
		t.Error("a run whose place a picture took still runs, or goes on")
	}
	b.ui.question.SetText("Is there a tree?")
	b.setView(viewAsk)
	b.ask()
	b.until("Ask is at work", func() bool { return b.state().Dense != nil })
	b.setView(viewRobot)
	e.mu.Lock()
	e.pause = time.Millisecond
	e.mu.Unlock()
	b.act()
	if !b.shown.state.Cancelled || b.robot.steps() != fakeSteps {
		t.Errorf("Ask's run is cancelled: %v; %d steps", b.shown.state.Cancelled, b.robot.steps())
	}
}

func TestPolicyOfARecordedRunIsTakenWhereItIsHere(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	folder := t.TempDir()
	for _, c := range []struct{ recorded, want, says string }{
		{folder, folder, ""},
		{filepath.Join(folder, "gone"), folder, "is not here"},
		{policyDense, policyDense, ""},
		{"robot-unknown", policyDense, "is not here"},
		{trace.Expert, trace.Expert, ""},
		{"", trace.Expert, ""},
	} {
		if got := b.robot.takeModel(c.recorded); b.robot.form.Model != c.want || !strings.Contains(got, c.says) || c.says == "" && got != "" {
			t.Errorf("%q: model %q, %q", c.recorded, b.robot.form.Model, got)
		}
	}
	b.robot.policies = nil // the engine has not listed them yet
	if got := b.robot.takeModel(policyCogVLA); got != "" || b.robot.form.Model != policyCogVLA {
		t.Errorf("model %q, %q", b.robot.form.Model, got)
	}
}
