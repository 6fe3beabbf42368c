package scenes

import (
	"slices"
	"strings"
	"testing"
)

func TestExamAsksForTheCaptionInOneWayTrainingInMany(t *testing.T) {
	heard := map[string]bool{}
	for seed := range uint64(120) {
		o := Options{Size: 112}
		a := make1(t, seed, o)
		heard[a.Caption.Text] = true
		o.Kinds = exam
		b := make1(t, seed, o)
		if b.Caption.Text != CaptionText || a.Caption.Answer != b.Caption.Answer {
			t.Errorf("seed %d: the exam asks %q for %q", seed, b.Caption.Text, b.Caption.Answer)
		}
	}
	if !heard[CaptionText] || len(heard) != len(captionTexts)+1 {
		t.Errorf("training asks in %d ways: %v", len(heard), heard)
	}
}

func TestEveryWordingIsAskedAndReadsWell(t *testing.T) {
	left := map[string]bool{}
	for kind, list := range phrasings {
		for i, say := range list {
			if slices.Index(list, say) != i {
				t.Errorf("%s has %q twice", kind, say)
			}
			if kind != Backdrop {
				left[kind+say] = true
			}
		}
	}
	for seed := range uint64(120) {
		s := make1(t, seed, Options{Size: 112, Questions: 60})
		for _, q := range s.Questions {
			if strings.Contains(q.Text, "%") || strings.Contains(q.Text, "to the above") || strings.Contains(q.Text, "to the below") {
				t.Fatalf("seed %d asks %q", seed, q.Text)
			}
			if (q.Other != "") != (q.Kind == Relation) {
				t.Errorf("seed %d: %q has the second thing %q", seed, q.Text, q.Other)
			}
			for _, say := range phrasings[q.Kind] {
				if fits(q, say) {
					delete(left, q.Kind+say)
				}
			}
		}
	}
	if len(left) > 0 {
		t.Errorf("never asked: %v", left)
	}
}

// fits tells whether a question was put in these words.
func fits(q Question, say string) bool {
	text := q.Text
	for _, part := range strings.Split(say, "%s") {
		_, after, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = after
	}
	return text == ""
}
