package demos

import (
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/checkpoint/tokenizer"
	"winnow/robotics/policy"
	"winnow/robotics/sim/render"
	"winnow/robotics/sim/suites"
)

// TestWordsAreTokens: each word of every instruction is one token of the policies' tokenizer, which
// assets/train-robot/words.py makes.
func TestWordsAreTokens(t *testing.T) {
	tok, err := tokenizer.FromHF(filepath.Join("..", "..", "assets", "train-robot", "tokenizer"))
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := suites.Tasks("")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, task := range tasks {
		env, err := suites.Open(task.Suite, task.Name, render.Options{})
		if err != nil {
			t.Skip(err)
		}
		for seed := range uint64(40) {
			o, err := env.Reset(seed)
			if err != nil {
				t.Fatal(err)
			}
			seen[o.Instruction] = true
			if task.Suite == "metaworld" {
				break // one instruction a task
			}
		}
		env.Close()
	}
	if len(seen) < 100 {
		t.Errorf("only %d instructions were seen", len(seen))
	}
	for instruction := range seen {
		// In, :, eight words, then the instruction's, then ?, a new line, Out, :
		want := 7 + 7 + len(strings.Fields(instruction))
		ids := tok.Encode(policy.Prompt(instruction), false)
		if len(ids) != want-1 {
			t.Errorf("%q has %d tokens in its prompt, want %d", instruction, len(ids), want-1)
		}
	}
}
