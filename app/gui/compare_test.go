package gui

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
	"winnow/vision/figure"
)

// replayCompared scripts a run with a side for each stack: side i keeps the tokens whose score is
// above a bound of its own after layer 1, and says "One sheep." but for the second, which agrees
// with dense.
func replayCompared(r trace.Request) []trace.Event {
	n := fakeSide * fakeSide
	one := replay(trace.Request{Model: r.Model, Picture: r.Picture, PictureName: r.PictureName, PictureData: r.PictureData, Messages: r.Messages})
	var out []trace.Event
	var tokens []trace.Token
	for _, e := range one {
		switch e := e.(type) {
		case trace.Started:
			e.Request = r
			out = append(out, e)
			continue
		case trace.Sequence:
			tokens = e.Tokens
		case trace.Ended:
			continue
		}
		out = append(out, e)
	}
	for i, s := range r.Stacks() {
		side := trace.SideName(i)
		keep := comparedKeep(i)
		scores := make(trace.Floats, len(tokens))
		var kept, dropped, rest []int
		for row, t := range tokens {
			scores[row] = float32(math.NaN())
			if t.Kind != "visual" {
				rest = append(rest, row)
				continue
			}
			c := t.Row*fakeSide + t.Col
			scores[row] = float32((c*73+i*40)%n) + 1
			if scores[row] > float32(n-keep) {
				kept, rest = append(kept, row), append(rest, row)
			} else {
				dropped = append(dropped, row)
			}
		}
		out = append(out, trace.SideStarted{Side: side})
		for l := range fakeLayers {
			e := trace.Layer{Side: side, Layer: l, N: len(tokens)}
			if l >= 2 {
				e.N, e.Rows = len(rest), rest
			}
			out = append(out, e)
			if l == 1 {
				out = append(out, trace.Decision{Side: side, Method: s.Methods[0].Name, Kind: "drop", Phase: "prefill", Layer: 1, From: 2, To: 5,
					Rows: dropped, Kept: kept, Scores: scores, Unit: "match"})
			}
		}
		first := "One"
		if i == 1 {
			first = "Two"
		}
		out = append(out, trace.Word{Side: side, Text: first}, trace.Word{Side: side, Text: " sheep"}, trace.Word{Side: side, Text: "."},
			summary(side, first+" sheep.", n, keep))
	}
	return append(out, trace.Ended{MS: 640, PeakMemory: 60 << 20})
}

// comparedKeep is how many tokens the scripted side i keeps.
func comparedKeep(i int) int { return []int{64, 41, 128, 20}[i] }

// comparedBench is a window in the Compare view with a sample scene.
func comparedBench(t *testing.T, e *fakeEngine) *bench {
	t.Helper()
	if e.script == nil {
		e.script = replayCompared
	}
	b := newBench(t, e)
	b.win.Resize(fyne.NewSize(1440, 900))
	b.setView(viewCompare)
	b.openSample(4)
	return b
}

// compare compares and waits for the end.
func (b *bench) compare(question string) {
	b.t.Helper()
	b.ui.question.SetText(question)
	b.submit()
	if b.run == nil || !b.run.compares {
		b.t.Fatalf("nothing was compared; the banner says %q", b.ui.banner.Text())
	}
	b.until("the comparison is done", func() bool { return b.run == nil })
	b.cmp.stopPlaying()
}

// twoStacks are FastV at two budgets.
func twoStacks(p *plan) {
	p.Stacks = []stack{
		{Methods: []stage{{Name: "fastv", Params: map[string]string{"keep": "0.25"}}}},
		{Methods: []stage{{Name: "fastv"}}},
	}
}

func TestComparisonIsOneRunWithASideForEachStack(t *testing.T) {
	e := &fakeEngine{}
	b := comparedBench(t, e)
	b.cmp.edit("", twoStacks)
	b.compare("How many sheep are there?")
	asked := e.asked()
	if len(asked) != 1 {
		t.Fatalf("%d runs", len(asked))
	}
	r := asked[0]
	if got := r.Stacks(); len(got) != 2 || got[0].Label != "FastV keep 0.25" || got[1].Label != "FastV keep 0.5" || got[0].Methods[0].Params["keep"] != "0.25" || got[1].Methods[0].Params != nil {
		t.Errorf("stacks: %+v", got)
	}
	if r.Question() != "How many sheep are there?" || r.PictureName != "05-sheep.png" {
		t.Errorf("asked %q about %q", r.Question(), r.PictureName)
	}
	rows := b.cmp.ui.answers
	for i, want := range []string{"Two sheep.", "One sheep.", "Two sheep."} {
		if got := rows[i].line.text(); got != want {
			t.Errorf("answer %d: %q, want %q", i, got, want)
		}
	}
	if got := rows[1].line; got.verdict != "differs from word 1 on" || !got.words[0].first || got.words[1].differs {
		t.Errorf("A: %+v", got)
	}
	if got := rows[2].line.verdict; got != "same as dense" {
		t.Errorf("B: %q", got)
	}
	if rows[3].Visible() || !rows[2].Visible() {
		t.Error("there must be rows for dense and two sides")
	}
	if got := b.cmp.ui.truth.Text(); !strings.HasSuffix(got, "Two.") {
		t.Errorf("the true answer is not shown: %q", got)
	}
}

func TestViewsShareThePictureAndKeepTheirRuns(t *testing.T) {
	b := comparedBench(t, &fakeEngine{})
	b.compare("How many sheep are there?")
	compared := b.cmp.shown.state
	b.setView(viewAsk)
	b.engine.(*fakeEngine).script = replay
	b.askAbout("Is there a tree?")
	if b.cmp.shown.state != compared || b.in == nil || b.in.Scene == nil {
		t.Error("asking lost what was compared")
	}
	b.setView(viewCompare)
	if b.front().state != compared || b.ui.question.Text != "Is there a tree?" {
		t.Error("the view does not show what was compared, or lost the question")
	}
	b.openScene(0)
	b.until("the other scene is open", func() bool { return strings.HasPrefix(b.in.Name, "01-") })
	if b.cmp.shown.state != nil {
		t.Error("the comparison of another picture is still shown")
	}
}

func TestLayersAreSharedByAllMaps(t *testing.T) {
	b := comparedBench(t, &fakeEngine{})
	b.cmp.edit("", twoStacks)
	b.compare("How many sheep are there?")
	c := b.cmp
	if c.at != fakeLayers-1 {
		c.seek(fakeLayers - 1)
	}
	for i := range 2 {
		if got, want := c.ui.maps[i].head.kept, fmt.Sprintf("%d of 256", comparedKeep(i)); got != want {
			t.Errorf("%s keeps %q, want %q", letter(i), got, want)
		}
	}
	parts, _ := c.ui.layers.reading()
	if got := strings.Join(parts, " "); !strings.Contains(got, "layer 5 keeps") || !strings.Contains(got, " A 64") || !strings.Contains(got, " B 41") || !strings.HasPrefix(c.ui.layers.alike(), "Jaccard 0.") {
		t.Errorf("reading: %q, %q", got, c.ui.layers.alike())
	}
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	if c.at != 0 || c.ui.layers.at != 0 || c.ui.maps[1].head.kept != "256 of 256" {
		t.Errorf("at layer %d: %q", c.at, c.ui.maps[1].head.kept)
	}
	if got := c.ui.layers.data.jaccard[0]; got != 1 {
		t.Errorf("sides that keep everything are alike: %v", got)
	}
}

func TestOverlapCountsEachSetOfSides(t *testing.T) {
	b := comparedBench(t, &fakeEngine{})
	b.cmp.edit("", twoStacks)
	b.compare("How many sheep are there?")
	c := b.cmp
	c.seek(fakeLayers - 1)
	b.typedRune('o')
	if !c.plan.Overlap || !c.ui.overlapBox.Visible() || c.ui.grid.Visible() {
		t.Fatal("O does not show the overlap")
	}
	a, _ := comparedMask(c.state().Sides[0], c.at)
	z, _ := comparedMask(c.state().Sides[1], c.at)
	both, onlyA, onlyB := 0, 0, 0
	cell := -1
	for i := range a {
		switch {
		case a[i] && z[i]:
			both++
		case a[i]:
			onlyA++
			cell = i
		case z[i]:
			onlyB++
		}
	}
	got := c.ui.legend.text()
	for _, want := range []string{fmt.Sprintf("both %d ", both), fmt.Sprintf("A %d ", onlyA), fmt.Sprintf("B %d ", onlyB), fmt.Sprintf("none %d", 256-both-onlyA-onlyB)} {
		if !strings.Contains(got, want) {
			t.Errorf("legend %q lacks %q", got, want)
		}
	}
	tip := strings.Join(c.overlapTip(cell/fakeSide, cell%fakeSide), " | ")
	if !strings.Contains(tip, "A kept: match ") || !strings.Contains(tip, "B gone: match ") || !strings.Contains(tip, "of 256") {
		t.Errorf("tip: %q", tip)
	}
}

func TestOverlapHasADotForEachSideThatKeepsACell(t *testing.T) {
	newBench(t, &fakeEngine{})
	img := overlapImage([]uint8{0b1111, 0b0000, 0b0110, 0b0001}, 0b1111, 1, 4, 4)
	if b := img.Bounds(); b.Dx() != 4*overlapCell || b.Dy() != overlapCell {
		t.Fatalf("size %v", b)
	}
	// colours lists what is seen of a cell: its ground, then the dots of A to D.
	colours := func(cell int) (ground color.RGBA, dots [4]bool) {
		x := overlapCell * cell
		ground = img.RGBAAt(x, 0)
		for side, at := range [4][2]int{{3, 3}, {11, 3}, {3, 11}, {11, 11}} {
			dots[side] = img.RGBAAt(x+at[0], at[1]) == color.RGBAModel.Convert(sideColour(side))
		}
		return ground, dots
	}
	darkness := map[int]uint8{}
	for cell, want := range [4][4]bool{{}, {}, {false, true, true, false}, {true, false, false, false}} {
		ground, dots := colours(cell)
		if dots != want {
			t.Errorf("cell %d has the dots %v, want %v", cell, dots, want)
		}
		darkness[cell] = ground.A
	}
	if darkness[0] != 0 || !(darkness[2] < darkness[3] && darkness[3] < darkness[1]) {
		t.Errorf("kept by all, none, two, one: dark %v", darkness)
	}
}

func TestWithoutAStackNothingIsCompared(t *testing.T) {
	e := &fakeEngine{}
	b := comparedBench(t, e)
	for i := range b.cmp.plan.Stacks {
		b.cmp.toggle(i)
	}
	b.ui.question.SetText("Is there a tree?")
	b.submit()
	if len(e.asked()) != 0 || !strings.Contains(b.ui.banner.Text(), "No stack takes part") || !b.cmp.ui.blank.Visible() {
		t.Errorf("%d runs; banner %q", len(e.asked()), b.ui.banner.Text())
	}
}

func TestDroppedComparisonOpensInItsViewWithEverything(t *testing.T) {
	b := comparedBench(t, &fakeEngine{})
	b.cmp.edit("", func(p *plan) { twoStacks(p); p.Stacks[1].Label = "half" })
	b.compare("How many sheep are there?")
	name := filepath.Join(t.TempDir(), "run.png")
	if err := figure.Write(name, b.cmp.shown.state, b.cmp.shown.events, figure.Options{Kind: figure.Comparison}); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "plain.jsonl")
	if err := trace.WriteFile(plain, replay(trace.Request{Methods: []trace.Spec{{Name: "fastv"}}, Messages: []trace.Message{{Text: "Is it?"}}})); err != nil {
		t.Fatal(err)
	}

	e := &fakeEngine{}
	o := newBench(t, e)
	o.openFiles([]string{name})
	o.until("the comparison is open", func() bool { return o.cmp.shown.state != nil })
	if !o.comparing() || o.ui.question.Text != "How many sheep are there?" || o.in == nil || o.in.Name != "05-sheep.png" {
		t.Errorf("compare view %v, question %q", o.comparing(), o.ui.question.Text)
	}
	if got := o.cmp.plan.Stacks; len(got) != 2 || got[0].Label != "" || got[1].Label != "half" || got[0].Methods[0].Params["keep"] != "0.25" {
		t.Errorf("stacks: %+v", got)
	}
	if got := o.cmp.ui.answers[1].line.text(); got != "One sheep." {
		t.Errorf("answer of A: %q", got)
	}
	if len(e.asked()) != 0 {
		t.Error("the engine was asked")
	}
	o.openFiles([]string{plain})
	o.until("the run is open", func() bool { return o.shown.state != nil })
	if o.comparing() || o.ui.question.Text != "Is it?" {
		t.Errorf("an ordinary run: compare view %v, question %q", o.comparing(), o.ui.question.Text)
	}
}

func TestExportsOfAComparisonAreNamedAfterIt(t *testing.T) {
	b := comparedBench(t, &fakeEngine{})
	if b.exportable() {
		t.Error("there is something to export before a run")
	}
	b.compare("How many sheep are there?")
	if got := b.exportName("-compared"); got != "05-sheep-compared" || !b.exportable() {
		t.Errorf("name %q, exportable %v", got, b.exportable())
	}
	b.setView(viewAsk)
	if b.exportable() {
		t.Error("Ask exports what was compared")
	}
}

func TestStackGoesOverToAsk(t *testing.T) {
	b := comparedBench(t, &fakeEngine{})
	b.cmp.edit("", twoStacks)
	before := cloneStages(b.form.Methods)
	b.cmp.openInAsk(b.cmp.sideStacks()[0])
	if b.comparing() || len(b.form.Methods) != 1 || b.form.Methods[0].Params["keep"] != "0.25" || len(b.ui.stack.cards) != 1 {
		t.Errorf("compare view %v, methods %+v", b.comparing(), b.form.Methods)
	}
	b.undo()
	if !sameStages(b.form.Methods, before) {
		t.Errorf("undone: %+v", b.form.Methods)
	}
}

func TestCancelledComparisonSaysHowFarItCame(t *testing.T) {
	e := &fakeEngine{pause: 150 * time.Millisecond}
	b := comparedBench(t, e)
	b.cmp.edit("", twoStacks)
	b.ui.question.SetText("Is there a tree?")
	b.submit()
	b.until("the dense side is at work", func() bool { return b.cmp.state().Dense != nil })
	b.typedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	b.until("the run is over", func() bool { return b.run == nil })
	if s := b.cmp.state(); !s.Cancelled || s.Error != "" {
		t.Errorf("cancelled %v, error %q", s.Cancelled, s.Error)
	}
	if got := b.cmp.ui.answers[2].line; got.verdict != "cancelled" || !strings.Contains(got.hint, "before this side") {
		t.Errorf("B: %+v", got)
	}
	if got := b.cmp.ui.button.Text(); got != "Compare 2   ⏎" {
		t.Errorf("the button says %q", got)
	}
}

func TestFailedComparisonBlamesItsStack(t *testing.T) {
	e := &fakeEngine{script: func(r trace.Request) []trace.Event {
		return append(replayCompared(r)[:4], trace.Failed{Error: "stack FastV keep 0.5: layer 2 does not exist; choose a lower one"}, trace.Ended{})
	}}
	b := comparedBench(t, e)
	b.cmp.edit("", twoStacks)
	b.compare("Is there a tree?")
	if !strings.Contains(b.ui.banner.Text(), "does not exist") {
		t.Errorf("banner: %q", b.ui.banner.Text())
	}
	if b.cmp.cards[0].warning.Visible() || !b.cmp.cards[1].warning.Visible() {
		t.Errorf("A %v, B %v", b.cmp.cards[0].warning.Visible(), b.cmp.cards[1].warning.Visible())
	}
	if got := b.cmp.ui.answers[1].line; !got.failed {
		t.Errorf("A: %+v", got)
	}
}

func TestTableIsWrittenAsCSV(t *testing.T) {
	b := comparedBench(t, &fakeEngine{})
	b.cmp.edit("", twoStacks)
	b.compare("How many sheep are there?")
	var out bytes.Buffer
	if err := writeTable(&out, trace.Compare(b.cmp.shown.state)); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[0]; len(got) != 8 || got[4] != "FastV keep 0.25" || got[7] != "FastV keep 0.5, times better than dense" {
		t.Errorf("head: %q", got)
	}
	bases := map[string]int{}
	for _, r := range rows[1:] {
		bases[r[1]]++
	}
	if bases["measured"] < 2 || bases["counted"] < 3 {
		t.Errorf("rows by basis: %v", bases)
	}
}

func TestForcedTokensActOnEverySideAndAreSaid(t *testing.T) {
	e := &fakeEngine{}
	b := comparedBench(t, e)
	b.cmp.edit("", twoStacks)
	b.form.Force = forcedOf([]trace.Forced{{Row: 1, Col: 2, Keep: true}, {Row: 3, Col: 4}})
	b.cmp.showStacks()
	if !b.cmp.ui.forced.Visible() || !strings.HasPrefix(b.cmp.ui.forced.Text(), "2 forced") {
		t.Errorf("forced tokens are not said: %q", b.cmp.ui.forced.Text())
	}
	b.compare("Is there a tree?")
	if got := e.asked()[0].Force; len(got) != 2 || !got[0].Keep || got[1].Row != 3 {
		t.Errorf("asked with %v", got)
	}
	in, out := forcedCells(b.cmp.state())
	if len(in) != 1 || in[0] != fakeSide+2 || len(out) != 1 || out[0] != 3*fakeSide+4 {
		t.Errorf("in %v, out %v", in, out)
	}
	b.cmp.ui.forced.Tapped(nil)
	if b.cmp.ui.forced.Visible() || len(b.form.Force) != 0 {
		t.Error("clearing left some")
	}
}
