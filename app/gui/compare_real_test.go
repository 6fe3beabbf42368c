package gui

import (
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
	"winnow/vision/figure"
)

func TestRealComparisonIsRestoredFromItsFigureAndAnswersTheSame(t *testing.T) {
	b := realBench(t)
	b.setView(viewCompare)
	b.openSample(4)
	b.cmp.edit("", func(p *plan) {
		p.Stacks = []stack{
			{Methods: []stage{{Name: "fastv", Params: map[string]string{"keep": "0.25"}}}},
			{Label: "tokens and cache", Methods: []stage{{Name: "corematching"}, {Name: "zipvl", Params: map[string]string{"kv": "mixed"}}}},
			{Methods: []stage{{Name: "vasparse"}}},
		}
	})
	b.form.Force = forcedOf([]trace.Forced{{Row: 2, Col: 3}})
	b.compare("What is in the picture?")
	if b.cmp.state().Error != "" || len(b.cmp.state().Sides) != 3 {
		t.Fatalf("%d sides, error %q", len(b.cmp.state().Sides), b.cmp.state().Error)
	}
	path := filepath.Join(t.TempDir(), "compared.png")
	if err := figure.Write(path, b.cmp.shown.state, b.cmp.shown.events, figure.Options{Kind: figure.Comparison}); err != nil {
		t.Fatal(err)
	}
	fresh := realBench(t)
	fresh.dropped(fyne.Position{}, uris(path))
	fresh.until("the comparison is back", func() bool { return fresh.cmp.state().Ended })
	if !sameStacks(fresh.cmp.plan.Stacks, b.cmp.plan.Stacks) || len(fresh.form.Force) != 1 {
		t.Errorf("restored %+v with %v", fresh.cmp.plan.Stacks, fresh.form.Force)
	}
	for _, again := range []bool{false, true} {
		if again {
			fresh.submit()
			fresh.until("it is compared again", func() bool { return fresh.run == nil })
		}
		for i, want := range b.cmp.ui.answers {
			got := fresh.cmp.ui.answers[i]
			if want.Visible() && (got.line.text() == "" || !got.line.same(want.line)) {
				t.Errorf("again %v, row %d: %+v, before %+v", again, i, got.line, want.line)
			}
		}
		for i, d := range fresh.cmp.state().Sides {
			for l := range fresh.cmp.state().LayerCount() {
				if got, want := d.KeptMask(l), b.cmp.state().Sides[i].KeptMask(l); !slices.Equal(got, want) || len(got) == 0 {
					t.Errorf("again %v: side %s keeps others in layer %d", again, letter(i), l)
				}
			}
		}
	}
}
