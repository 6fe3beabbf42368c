package gui

import (
	"strings"
	"testing"
	"time"
)

func TestEditsOfStacksAreUndoneAndRemembered(t *testing.T) {
	b := comparedBench(t, &fakeEngine{})
	b.cmp.edit("", twoStacks)
	b.cmp.duplicate(0)
	if got := b.cmp.plan.Stacks; len(got) != 3 || got[1].Methods[0].Params["keep"] != "0.125" {
		t.Fatalf("duplicate: %+v", got)
	}
	b.cmp.move(1, 1)
	b.cmp.remove(0)
	if got := parsePlan(b.app.Preferences().String(keyPlan)).Stacks; !sameStacks(got, b.cmp.plan.Stacks) || len(got) != 2 {
		t.Errorf("remembered: %+v", got)
	}
	b.undo()
	b.undo()
	b.undo()
	if got := b.cmp.plan.Stacks; len(got) != 2 || got[0].title() != "FastV" || got[0].Methods[0].Params["keep"] != "0.25" {
		t.Errorf("undone: %+v", got)
	}
	b.redo()
	if len(b.cmp.plan.Stacks) != 3 {
		t.Errorf("again: %+v", b.cmp.plan.Stacks)
	}
	// A slider that is drawn along is one step.
	now := time.Now()
	b.window.now = func() time.Time { return now }
	b.cmp.unfold(0, 0)
	card := b.cmp.cards[0].open
	for _, v := range []string{"0.3", "0.4", "0.6"} {
		card.OnChanged(map[string]string{"keep": v, "layer": "2"})
	}
	b.undo()
	if got := b.cmp.plan.Stacks[0].Methods[0].Params["keep"]; got != "0.25" {
		t.Errorf("after undo of a drawn slider: keep %s", got)
	}
}

func TestPlanFromElsewhereIsMadeSafe(t *testing.T) {
	b := newBench(t, &fakeEngine{})
	_ = b
	p := parsePlan(`{"stacks":[{"methods":[{"name":"nosuch"},{"name":"fastv","params":{"keep":"9","layer":"3"}}]},{},{},{},{},{}],"pair":[7,7]}`)
	if len(p.Stacks) != maxStacks || p.Pair != [2]int{0, 1} {
		t.Errorf("%d stacks, pair %v", len(p.Stacks), p.Pair)
	}
	if got := p.Stacks[0].Methods; len(got) != 1 || got[0].Params["keep"] != "" || got[0].Params["layer"] != "3" {
		t.Errorf("methods: %+v", got)
	}
	if got := parsePlan("{"); len(got.Stacks) < 2 {
		t.Errorf("damaged settings give %d stacks", len(got.Stacks))
	}
}

func TestPresetsAreBudgetsOfEachMethod(t *testing.T) {
	newBench(t, &fakeEngine{})
	var titles []string
	for _, p := range presets([]stage{{Name: "fastv", Params: map[string]string{"keep": "0.3"}}}) {
		titles = append(titles, p.title)
		if len(p.stacks) < 1 || len(p.stacks) > maxStacks {
			t.Errorf("%s has %d stacks", p.title, len(p.stacks))
		}
		for _, s := range p.stacks {
			if len(known(s.Methods)) != len(s.Methods) {
				t.Errorf("%s: %+v", p.title, s.Methods)
			}
			for _, m := range s.Methods {
				if kept := known([]stage{m})[0]; len(kept.Params) != len(m.Params) {
					t.Errorf("%s: %s takes no %v", p.title, m.Name, m.Params)
				}
			}
		}
	}
	all := strings.Join(titles, "\n")
	for _, want := range []string{"FastV: keep 75, 50, 25 %", "What Ask has, against Random at 30 %", "CoreMatching at beta"} {
		if !strings.Contains(all, want) {
			t.Errorf("no preset %q in\n%s", want, all)
		}
	}
}

func TestPiecesBreakBetweenWordsAndKeepMarks(t *testing.T) {
	newBench(t, &fakeEngine{})
	words := []answerWord{{text: "Two"}, {text: " white", differs: true, first: true}, {text: "ish", differs: true}, {text: " sheep."}}
	one, lines := pieces(words, 1000)
	if lines != 1 || len(one) != 4 || !one[1].first || one[2].x != one[1].x+one[1].w {
		t.Errorf("%d lines, %+v", lines, one)
	}
	narrow, lines := pieces(words, 70)
	if lines < 2 || narrow[1].y != narrow[2].y {
		t.Errorf("%d lines; a word is torn: %+v", lines, narrow)
	}
}

func TestConflictIsSaidOnTheCardBeforeTheRun(t *testing.T) {
	e := &fakeEngine{}
	b := comparedBench(t, e)
	b.cmp.edit("", func(p *plan) {
		twoStacks(p)
		p.Stacks[1].Methods = append(p.Stacks[1].Methods, stage{Name: "random"})
	})
	if got := b.cmp.cards[1].why.Text(); !strings.Contains(got, "both drop rows") || !b.cmp.cards[1].warning.Visible() {
		t.Errorf("card B: %q", got)
	}
	if b.cmp.cards[0].warning.Visible() {
		t.Error("card A has a warning")
	}
	b.ui.question.SetText("Is there a tree?")
	b.submit()
	if len(e.asked()) != 0 || !strings.Contains(b.ui.banner.Text(), "tack B cannot run: FastV and Random both drop rows") {
		t.Errorf("%d runs; banner %q", len(e.asked()), b.ui.banner.Text())
	}
	b.cmp.toggle(1)
	b.compare("Is there a tree?")
	if got := e.asked()[0].Stacks(); len(got) != 1 {
		t.Errorf("a stack that is off took part: %v", got)
	}
}
