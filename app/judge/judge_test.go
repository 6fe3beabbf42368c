package judge

import (
	"context"
	"errors"
	"image"
	"strings"
	"testing"

	"winnow/assets/scenes"
	"winnow/internal/trace"
)

// says answers all questions in order.
type says []string

func (says) Name() string { return "parrot" }
func (s says) Answer(context.Context, *image.RGBA, []string) ([]string, error) {
	if s == nil {
		return nil, errors.New("it is dark")
	}
	return s, nil
}

func TestLookMarksAnswers(t *testing.T) {
	facts := Facts("a red apple on the left")
	got, err := Look(t.Context(), says{"Yes.", "top left", " Red.\n"}, nil, facts)
	if err != nil {
		t.Fatal(err)
	}
	if !got[0].Right || got[1].Right || !got[2].Right || got[2].Answer != "Red" || facts[0].Right {
		t.Errorf("%+v", got)
	}
	if _, err := Look(t.Context(), says{"Yes."}, nil, facts); err == nil || !strings.Contains(err.Error(), "1 answers to 3 questions") {
		t.Errorf("got %v", err)
	}
	if _, err := Look(t.Context(), says(nil), nil, facts); err == nil {
		t.Error("an error was lost")
	}
}

// The built-in VLM sees what the painter painted, and not what it did not.
func TestTheBuiltInVLMSeesPaintedThings(t *testing.T) {
	v, err := Open("ref", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	s, err := scenes.New(scenes.Embedded(), scenes.Procedural()).Make(5, scenes.Options{Styles: []scenes.Style{scenes.Trained}, Questions: -1})
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]bool{}
	for _, o := range s.Objects {
		in[o.Name] = true
	}
	right, asked := 0, 0
	for _, n := range append([]string{s.Objects[0].Name}, "tractor", "penguin", "rocket") {
		got, err := Look(t.Context(), v, s.Image, Thing{Noun: n, Cell: Anywhere}.Facts())
		if err != nil {
			t.Fatal(err)
		}
		if asked++; got[0].Right == in[n] {
			right++
		}
	}
	if v.Name() == "" || right != asked {
		t.Errorf("%s is right about %d of %d things", v.Name(), right, asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Look(ctx, v, s.Image, Facts("a dog")); err == nil {
		t.Error("it looked though nobody waited")
	}
}

func TestSumSaysWhatIsSeen(t *testing.T) {
	facts := func(answers ...string) []trace.Fact {
		got, err := Look(t.Context(), says(answers), nil, Facts("a red apple on the left and a dog at the top"))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	all, noDog, noPlace := facts("yes", "left", "red", "yes", "top"), facts("yes", "left", "red", "no", "middle"), facts("yes", "right", "blue", "yes", "top")
	none := facts("no", "left", "blue", "no", "left")
	for _, c := range []struct {
		sides        [][]trace.Fact
		sees, misses string
	}{
		{nil, "", ""},
		{[][]trace.Fact{nil, nil}, "", ""},
		{[][]trace.Fact{all}, "apple, dog", ""},
		{[][]trace.Fact{all, all}, "apple, dog · both", ""},
		{[][]trace.Fact{all, all, all}, "apple, dog · all", ""},
		{[][]trace.Fact{noDog, all}, "dense: apple, no dog · SADA: apple, dog", ""},
		{[][]trace.Fact{noDog, noDog}, "apple, no dog · both", ""},
		{[][]trace.Fact{none, none}, "no apple, no dog · both", ""},
		{[][]trace.Fact{noPlace, noPlace}, "apple, dog · both", "both: apple not on the left, apple not red"},
		{[][]trace.Fact{all, noPlace}, "apple, dog · both", "SADA: apple not on the left, apple not red"},
		{[][]trace.Fact{noPlace}, "apple, dog", "apple not on the left, apple not red"},
	} {
		var sides []Named
		for i, f := range c.sides {
			sides = append(sides, Named{[]string{"dense", "SADA", "third"}[i], f})
		}
		if sees, misses := Sum(sides); sees != c.sees || misses != c.misses {
			t.Errorf("-want %q, %q\n+got  %q, %q", c.sees, c.misses, sees, misses)
		}
	}
}
