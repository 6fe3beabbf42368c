package gui

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
	"winnow/pruning"
)

func TestEveryMethodAndParameterReachesTheRequest(t *testing.T) {
	for _, info := range pruning.Answering() {
		given := map[string]string{}
		for _, p := range pruning.Params(info.Name) {
			// Another value than the default, where the declaration has one.
			for _, v := range append([]string{"true", "false", "3", "0.75"}, p.Choices...) {
				if _, err := p.Check(info.Name, v); err == nil && v != p.Default {
					given[p.Name] = v
					break
				}
			}
		}
		if len(given) == 0 {
			t.Errorf("%s: no parameter can be changed", info.Name)
		}
		got := specs([]stage{{Name: info.Name, Params: given}})
		if len(got) != 1 || len(got[0].Params) != len(given) {
			t.Errorf("%s: %v became %v", info.Name, given, got)
		}
		if back := stagesOf(got); !sameStages(back, []stage{{Name: info.Name, Params: given}}) {
			t.Errorf("%s: %v came back as %v", info.Name, given, back)
		}
		if got := specs([]stage{{Name: info.Name, Params: valuesOf(stage{Name: info.Name})}}); len(got[0].Params) != 0 {
			t.Errorf("%s: defaults are sent: %v", info.Name, got)
		}
	}
	if got := specs([]stage{{Name: "fastv", Off: true}}); got != nil {
		t.Errorf("a method that is off is sent: %v", got)
	}
}

func TestRememberedSettingsNeverKeepTheWindowFromOpening(t *testing.T) {
	for _, text := range []string{
		"", "{", "null", `{"methods":[{"name":"gone"},{"name":"fastv","params":{"keep":"7","nothing":"1"}}],"threads":-4,"sampling":{"temperature":-1,"top_p":9,"max_tokens":0}}`,
		`{"threads":100000,"sampling":{"temperature":1e9,"max_tokens":999999}}`,
	} {
		f := parseForm(text)
		if f.Sampling.MaxTokens < 1 || f.Sampling.MaxTokens > maxTokens || f.Sampling.Temperature < 0 || f.Sampling.Temperature > maxTemperature || f.Sampling.TopP > 1 || f.Threads < 0 || f.Threads > maxThreads || f.Device == "" {
			t.Errorf("%q gives %+v", text, f)
		}
		for _, m := range f.Methods {
			if !registered(m.Name) || len(m.Params) != 0 {
				t.Errorf("%q gives the method %+v", text, m)
			}
		}
	}
	want := form{Model: "smollm2", Device: "cpu", Threads: 2, Question: "Where?", Methods: []stage{{Name: "fastv", Params: map[string]string{"keep": "0.25"}}}, Sampling: trace.Sampling{Temperature: 0.5, TopP: 0.9, Seed: 1 << 60, MaxTokens: 12}}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := parseForm(string(b))
	if !sameStages(got.Methods, want.Methods) || got.Sampling != want.Sampling || got.Model != want.Model || got.Question != want.Question || got.Threads != 2 {
		t.Errorf("%+v came back as %+v", want, got)
	}
}

func TestSettingsAreRemembered(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.ui.question.SetText("Where is the sheep?")
	b.ui.stack.restack(func(st []stage) []stage { return append(st, stage{Name: "random"}) })()
	b.setMap(1)
	b.setAlpha(0.3)
	b.chooseDevice("cpu")
	b.win.Resize(fyne.NewSize(1100, 720))
	b.remember()
	form, look := parseForm(b.app.Preferences().String(keyForm)), b.app.Preferences().String(keyLook)
	if form.Question != "Where is the sheep?" || len(form.Methods) != 2 || form.Device != "cpu" {
		t.Errorf("form: %+v", form)
	}
	if !strings.Contains(look, `"alpha":0.3`) || !strings.Contains(look, `"map":"cividis"`) {
		t.Errorf("look: %s", look)
	}
	again := benchOn(t, &fakeEngine{}, b.app.Preferences().String(keyForm))
	if len(again.ui.stack.cards) != 2 || again.ui.question.Text != "Where is the sheep?" {
		t.Errorf("%d methods, question %q", len(again.ui.stack.cards), again.ui.question.Text)
	}
}

func TestEditsAreUndoneOneByOneAndSlidersAsOne(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	clock := time.Unix(0, 0)
	b.now = func() time.Time { return clock }
	b.restoreEdits(edits{Methods: []stage{{Name: "fastv"}}}, true)
	keep := func() string { return valuesOf(b.form.Methods[0])["keep"] }
	first := keep()
	for _, v := range []string{"0.6", "0.7", "0.8"} { // one drag
		clock = clock.Add(100 * time.Millisecond)
		b.ui.stack.cards[0].OnChanged(map[string]string{"keep": v, "layer": "2"})
	}
	clock = clock.Add(time.Minute)
	b.ui.stack.cards[0].OnToggled(false)
	clock = clock.Add(time.Minute)
	b.ui.stack.restack(func(st []stage) []stage { return append(st, stage{Name: "random"}) })()
	b.ui.stack.cards[1].OnMoveUp()
	if b.form.Methods[0].Name != "random" || b.ui.stack.cards[0].Name() != "random" {
		t.Fatalf("moved up: %v", b.form.Methods)
	}
	b.undo()
	b.undo()
	if len(b.form.Methods) != 1 || !b.form.Methods[0].Off {
		t.Fatalf("after two: %v", b.form.Methods)
	}
	b.undo()
	if b.form.Methods[0].Off || keep() != "0.8" {
		t.Fatalf("after three: %v", b.form.Methods)
	}
	b.undo()
	if keep() != first {
		t.Fatalf("a drag is more than one step: keep is %s", keep())
	}
	b.redo()
	if keep() != "0.8" || b.ui.stack.cards[0].Values()["keep"] != "0.8" {
		t.Errorf("redo: keep is %s, its control shows %s", keep(), b.ui.stack.cards[0].Values()["keep"])
	}
	b.ui.stack.cards[0].OnRemove()
	if len(b.form.Methods) != 0 || len(b.ui.stack.box.Objects) != 0 {
		t.Errorf("removed: %v", b.form.Methods)
	}
	if b.shortcut(binding{key: fyne.KeyZ, shift: true}.shortcut()); len(b.form.Methods) != 0 {
		t.Error("redo after an edit brings something back")
	}
}

func TestSamplingIsEditedAndRefusedInPlace(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	b.ui.sampling.seed.SetText("18446744073709551615")
	b.ui.sampling.limit.SetText("12")
	if s := b.form.Sampling; s.Seed != 1<<64-1 || s.MaxTokens != 12 {
		t.Errorf("%+v", s)
	}
	b.ui.sampling.limit.SetText("0")
	if b.form.Sampling.MaxTokens != 12 || !b.ui.sampling.refusal.Visible() {
		t.Errorf("0 tokens are taken: %+v", b.form.Sampling)
	}
	b.ui.sampling.temperature.slider.OnChanged(0.5)
	if got := samplingText(b.form.Sampling); !strings.Contains(got, "temperature 0.5") {
		t.Errorf("the line says %q", got)
	}
}
