package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"winnow/internal/trace"
)

// seenRun is a drawing of two sides that a VLM looked at; the pruned one lacks the dog.
func seenRun(dogInPruned bool) *trace.State {
	facts := func(dog bool) []trace.Fact {
		return []trace.Fact{{Kind: "exist", Noun: "apple", Asked: "yes", Answer: "Yes", Right: true}, {Kind: "where", Noun: "apple", Asked: "left", Answer: "Top left"},
			{Kind: "exist", Noun: "dog", Asked: "yes", Right: dog}}
	}
	return trace.Fold([]trace.Event{
		trace.Started{Schema: trace.Schema, Request: trace.Request{Methods: []trace.Spec{{Name: "sada"}}, Draw: &trace.Draw{Prompt: "an apple on the left and a dog"}}},
		trace.Drawn{Side: trace.Dense, NFE: 4, MS: 9, FLOPs: 1}, trace.Drawn{Side: trace.Pruned, NFE: 2, MS: 5, FLOPs: 1},
		trace.Seen{Side: trace.Dense, Facts: facts(true)}, trace.Seen{Side: trace.Pruned, Facts: facts(dogInPruned)}, trace.Ended{},
	})
}

func TestDrawPrintsWhatTheVLMSees(t *testing.T) {
	var out bytes.Buffer
	printDrawing(&out, seenRun(true))
	if want := "\nThe built-in VLM sees: apple, dog · both\n  but both: apple not on the left\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("-want %q at the end of\n%s", want, &out)
	}
	out.Reset()
	printDrawing(&out, seenRun(false))
	if want := "\nThe built-in VLM sees: dense: apple, dog · pruned: apple, no dog\n"; !strings.Contains(out.String(), want) {
		t.Errorf("-want %q in\n%s", want, &out)
	}
}

func TestDrawJSONHasWhatTheVLMSees(t *testing.T) {
	s := seenRun(false)
	b, err := json.Marshal(drawResultOf(s))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), `"seen":[{"kind":"exist","noun":"apple",`); n != 2 {
		t.Errorf("seen %d times in %s", n, b)
	}
	s.Dense.Seen, s.Pruned.Seen = nil, nil
	if b, err = json.Marshal(drawResultOf(s)); err != nil || strings.Contains(string(b), "seen") {
		t.Errorf("%v, %s", err, b)
	}
}
