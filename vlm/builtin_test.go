package vlm

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/vision/picture"
)

// The files that ship are q8_0; transformers computed in float32 from the half-precision weights
// that they were made of (assets/train/reference.py). So logits may differ by what eight bits
// cost, and an answer only where two tokens were closer than that.
const (
	eightBits = 0.03 // of the largest logit
	closeLead = 0.5  // logits
)

func TestBuiltInAnswersLikeTransformers(t *testing.T) {
	for _, name := range []string{"llava-sprites", "llava-sprites-reglu"} {
		t.Run(name, func(t *testing.T) { answersLikeTransformers(t, name) })
	}
}

func answersLikeTransformers(t *testing.T, name string) {
	var ref struct {
		Cases []struct {
			Picture, Question, Text string
			PromptTokens            int `json:"prompt_tokens"`
			IDs                     []int
			Lead                    float64
			Logits                  []float32
		}
	}
	data, err := os.ReadFile(filepath.Join("..", "assets", "models", name, "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	m := openNamed(t, name)
	pictures := map[string]*Picture{}
	compared, same := 0, 0
	for _, c := range ref.Cases {
		pic := pictures[c.Picture]
		if pic == nil {
			src, err := picture.Open(context.Background(), filepath.Join("..", "assets", "samples", c.Picture), picture.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if pic, err = m.Encode(context.Background(), src); err != nil {
				t.Fatal(err)
			}
			pictures[c.Picture] = pic
		}
		p, err := m.Prompt([]trace.Message{{Role: "user", Text: c.Question}}, pic)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Tokens) != c.PromptTokens {
			t.Fatalf("%s, %q: the prompt has %d tokens, want %d", c.Picture, c.Question, len(p.Tokens), c.PromptTokens)
		}
		s := m.NewSession(compute.F32)
		if len(c.Logits) > 0 {
			near(t, c.Picture+", first logits", lastLogits(t, m, s, p, 1), c.Logits, eightBits)
			s.Reset()
		}
		done, err := s.Generate(context.Background(), p, nil, trace.Sampling{MaxTokens: len(c.IDs) + 4}, trace.Dense, nothing)
		s.Close()
		if err != nil {
			t.Fatal(err)
		}
		compared++
		switch {
		case done.Answer == strings.TrimSpace(c.Text):
			same++
		case c.Lead > closeLead:
			t.Errorf("%s, %q: -want %q +got %q", c.Picture, c.Question, c.Text, done.Answer)
		}
	}
	if compared < 40 || same*10 < compared*8 {
		t.Errorf("%d of %d answers are transformers' own", same, compared)
	}
	t.Logf("%d of %d answers are the same", same, compared)
}
