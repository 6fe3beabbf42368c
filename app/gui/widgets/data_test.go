package widgets

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

func sampleBlocks() []LayerBlock {
	return []LayerBlock{{"layer 0", 256, 256, false}, {"layer 1", 256, 256, false}, {"layer 2", 41, 256, true}, {"layer 3", 41, 256, false}}
}

func TestDataWidgetsRender(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		line := NewTimeline()
		line.SetLayers(sampleBlocks())
		line.SetPosition(2)
		card := NewAnswerCard("Pruned", true)
		card.SetWords([]AnswerWord{{"Two", false}, {" red", true}, {" sheep.", false}})
		card.SetStats("41 tokens · 34 ms to first token")
		card.SetState(AnswerDone, "")
		save := NewSavingsPanel()
		save.SetHeadline(Headline{"1.8× sooner with 38 % of the arithmetic", 0.56, 0.38})
		save.SetRows([]SavingsRow{{"First token", Measured, "1.8× sooner", 0.56, true}, {"KV cache", Counted, "72 of 401 kB", 0.18, true}, {"Decode", Measured, "0.9×", 1.1, false}})
		w := show(t, container.NewVBox(line, card, save), 400, 480)
		test.AssertRendersToMarkup(t, "data_"+name+".xml", w.Canvas())
	})
}

func TestTimelineSeeksByClickDragAndKeys(t *testing.T) {
	start(t, theme.Dark)
	line := NewTimeline()
	show(t, line, 400, 90)
	var got []int
	var played []bool
	line.OnSeek = func(i int) { got = append(got, i) }
	line.OnPlay = func(on bool) { played = append(played, on); line.SetPlaying(on) }
	press(line, fyne.KeySpace, fyne.KeyRight) // nothing to play or seek yet
	line.Tapped(pointAt(200, 20))
	line.SetLayers(sampleBlocks())
	line.SetPosition(1)
	for i := range 4 {
		x, w := line.span(i, 400)
		line.Tapped(pointAt(x+w/2, 20))
		line.Dragged(&fyne.DragEvent{PointEvent: *pointAt(x+w-1, 20)})
	}
	press(line, fyne.KeyRight, fyne.KeyLeft, fyne.KeyHome, fyne.KeyLeft, fyne.KeyEnd, fyne.KeySpace, fyne.KeySpace)
	if want := []int{0, 1, 2, 3, 2, 0, 3}; !slices.Equal(got, want) {
		t.Errorf("sought %v, want %v", got, want)
	}
	if want := []bool{true, false}; !slices.Equal(played, want) {
		t.Errorf("played %v, want %v", played, want)
	}
	line.SetLayers(sampleBlocks()[:2])
	if line.At() != 1 {
		t.Errorf("at %d of two blocks", line.At())
	}
	line.SetLayers(nil)
	if line.At() != -1 {
		t.Errorf("at %d of no blocks", line.At())
	}
}

func TestTimelineHeightIsWhatWasKept(t *testing.T) {
	start(t, theme.Dark)
	line := NewTimeline()
	show(t, line, 400, 90)
	line.SetLayers([]LayerBlock{{"a", 100, 100, false}, {"b", 50, 100, false}, {"c", 0, 100, false}, {"d", 1, 1000, true}, {"e", 5, 0, false}})
	for i, want := range []float32{timelineBlock, timelineBlock / 2, 0, 3, 3} {
		if got := line.draw.block[i].Size().Height; got != want {
			t.Errorf("block %d is %g high, want %g", i, got, want)
		}
	}
}

func TestTimelineTextsNeverOverlap(t *testing.T) {
	start(t, theme.Dark)
	for _, n := range []int{2, 6, 12, 32, 90} {
		line := NewTimeline()
		show(t, line, 640, 90)
		var blocks []LayerBlock
		for range n {
			blocks = append(blocks, LayerBlock{"layer 10", 576, 576, false})
		}
		line.SetLayers(blocks)
		for at := range n {
			line.SetPosition(at)
			var end float32
			for i := range n {
				c := line.draw.count[i]
				if c.Hidden {
					continue
				}
				right := c.Position().X + c.Size().Width
				left := right - measure(c.Text, captionMono).Width
				if l := line.draw.label[i]; !l.Hidden {
					left = l.Position().X
				}
				if left < end-0.5 || right > 640.5 {
					t.Fatalf("%d blocks at %d: text %d runs from %g to %g, the one before ends at %g", n, at, i, left, right, end)
				}
				end = right
			}
		}
	}
}

func TestBrokenLinesLoseNoLetterAndNoMark(t *testing.T) {
	start(t, theme.Dark)
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"Two", " sheep", ".", "\n", "ing", "  on", " ", " the", "üb", "\n\n", "er-long-word-that-fits-nowhere-at-all"}
	for range 200 {
		var words []AnswerWord
		var want []bool
		var text strings.Builder
		for range r.IntN(30) {
			w := AnswerWord{pieces[r.IntN(len(pieces))], r.IntN(3) == 0}
			words = append(words, w)
			for _, c := range w.Text {
				if !unicode.IsSpace(c) {
					want = append(want, w.Differs)
					text.WriteRune(c)
				}
			}
		}
		var got []bool
		var back strings.Builder
		for _, line := range breakWords(words, 120) {
			var width float32
			whole := ""
			for _, run := range line {
				width += measure(run.text, body).Width
				whole += run.text
				for _, c := range run.text {
					if !unicode.IsSpace(c) {
						got = append(got, run.differs)
						back.WriteRune(c)
					}
				}
			}
			if width > 122 && strings.Contains(whole, " ") {
				t.Fatalf("%q is %g wide", whole, width)
			}
		}
		if back.String() != text.String() || !slices.Equal(got, want) {
			t.Fatalf("%q became %q", text.String(), back.String())
		}
	}
}

func TestAnswerIsCopied(t *testing.T) {
	start(t, theme.Dark)
	card := NewAnswerCard("Dense", false)
	show(t, card, 300, 200)
	copied := "nothing"
	card.OnCopy = func(s string) { copied = s }
	card.copy()
	if copied != "nothing" {
		t.Error("an empty answer was copied")
	}
	card.SetWords([]AnswerWord{{" Two", false}, {" sheep", true}, {".\n", false}})
	card.copy()
	if got := fyne.CurrentApp().Clipboard().Content(); got != "Two sheep." || copied != got {
		t.Errorf("clipboard %q, callback %q", got, copied)
	}
	card.SetWords(nil)
	if card.Text() != "" {
		t.Error("words remain")
	}
}

func TestAnswerStatesSayWhatTheyAre(t *testing.T) {
	start(t, theme.Dark)
	card := NewAnswerCard("Pruned", true)
	show(t, card, 300, 300)
	for state, want := range map[AnswerState]string{AnswerEmpty: "Ask something.", AnswerWaiting: "waiting", AnswerCancelled: "cancelled", AnswerError: "the device is gone"} {
		note := want
		card.SetState(state, note)
		if !slices.Contains(texts(card), want) {
			t.Errorf("state %d writes %q, want %q among them", state, texts(card), want)
		}
	}
	card.SetState(AnswerStreaming, "")
	for _, s := range texts(card) {
		if s == "waiting" || s == "cancelled" {
			t.Errorf("streaming says %q", s)
		}
	}
}

func TestSavingsBarIsTheShareOfDense(t *testing.T) {
	start(t, theme.Dark)
	l := newLane()
	for _, c := range []struct {
		fraction float64
		want     float32
		hidden   bool
	}{{0.5, 100, false}, {1, 200, false}, {1.7, 200, false}, {0.001, 8, false}, {0, 0, true}, {math.NaN(), 0, true}, {math.Inf(1), 200, false}} {
		l.place(0, 0, 200, 8, c.fraction)
		if l.bar.Hidden != c.hidden || !c.hidden && l.bar.Size().Width != c.want {
			t.Errorf("%g: %g wide, hidden %v", c.fraction, l.bar.Size().Width, l.bar.Hidden)
		}
	}
}

func TestSavingsShrinkToTheHint(t *testing.T) {
	start(t, theme.Dark)
	s := NewSavingsPanel()
	show(t, s, 300, 400)
	s.SetHeadline(Headline{"sooner", 0.5, math.NaN()})
	s.SetRows(make([]SavingsRow, 5))
	s.SetRows([]SavingsRow{{"KV cache", Counted, "72 of 401 kB", 0.18, true}})
	got := texts(s)
	for _, want := range []string{"KV cache", "counted", "72 of 401 kB", "sooner"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
	s.SetHint("Ask first.")
	s.SetRows(nil)
	if got := texts(s); !slices.Equal(got, []string{"Ask first."}) {
		t.Errorf("empty: %q", got)
	}
}

func BenchmarkAnswerStreams256Words(b *testing.B) {
	start(b, theme.Dark)
	card := NewAnswerCard("Pruned", true)
	show(b, card, 340, 600)
	var words []AnswerWord
	for i := range 256 {
		words = append(words, AnswerWord{[]string{" sheep", " on", " the", " grass,"}[i%4], i%9 == 0})
	}
	card.SetState(AnswerStreaming, "")
	for i := 0; b.Loop(); i++ {
		card.SetWords(words[:128+i%128])
	}
}
