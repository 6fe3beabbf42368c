package bench

import (
	"context"
	"fmt"

	"winnow/assets/samples"
	"winnow/internal/libllama"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vision"
	"winnow/vision/picture"
	"winnow/vlm"
)

// task is what every contender computes.
type task struct {
	prompt *vlm.Prompt
	// batch is the prompt as libllama takes it: token ids, or embeddings of all rows where the
	// prompt has a picture. One batch is the fastest way to feed it, and spares it the lookup.
	batch  libllama.Batch
	visual int
	// scene is what a child process makes the prompt from; nil for text.
	scene *scene
	// forced are the tokens that are decoded, whatever the logits say.
	forced []int
}

func newTask(ctx context.Context, kind string, m *vlm.Model) (*task, error) {
	if kind == LLM {
		return textTask(m)
	}
	if m.Encoder == nil {
		return nil, errNoVision
	}
	sample := samples.Scenes()[0]
	p, err := picture.DecodeBytes(ctx, sample.Data, sample.File, picture.Limits{})
	if err != nil {
		return nil, err
	}
	seen, err := m.Encode(ctx, p)
	if err != nil {
		return nil, err
	}
	return pictureTask(m, &scene{sample.Questions[0].Question, seen.Embeddings, seen.Grid})
}

// textTask is a prompt of llmPrompt tokens spread over the vocabulary.
func textTask(m *vlm.Model) (*task, error) {
	cfg := m.Decoder.Config
	if cfg.Context < llmPrompt+llmDecode {
		return nil, fmt.Errorf("this model takes %d tokens, the bench has %d; choose another", cfg.Context, llmPrompt+llmDecode)
	}
	t := &task{prompt: &vlm.Prompt{}}
	for i := range llmPrompt + llmDecode {
		id := 1 + i*7919%(cfg.Vocabulary-1)
		if i >= llmPrompt {
			t.forced = append(t.forced, id)
			continue
		}
		t.prompt.Tokens = append(t.prompt.Tokens, pruning.Token{Kind: pruning.Text, Part: pruning.User, Picture: -1, Position: i, ID: id})
		t.batch.Tokens = append(t.batch.Tokens, id)
	}
	return t, nil
}

func pictureTask(m *vlm.Model, s *scene) (*task, error) {
	h := m.Decoder.Config.Hidden
	if s.Grid.Len() == 0 || len(s.Embeddings) != s.Grid.Len()*h {
		return nil, fmt.Errorf("the picture has %d embeddings, its grid of %d needs %d", len(s.Embeddings), s.Grid.Len(), s.Grid.Len()*h)
	}
	t := &task{scene: s}
	seen := &vlm.Picture{Encoding: vision.Encoding{Embeddings: s.Embeddings, Width: h, Grid: s.Grid}}
	var err error
	if t.prompt, err = m.Prompt([]trace.Message{{Role: "user", Text: s.Question}}, seen); err != nil {
		return nil, err
	}
	t.batch.Embeddings = make([]float32, len(t.prompt.Tokens)*h)
	for i, token := range t.prompt.Tokens {
		row := t.batch.Embeddings[i*h : (i+1)*h]
		if token.Kind == pruning.Visual {
			cell := s.Grid.Index(token.Row, token.Col)
			copy(row, s.Embeddings[cell*h:(cell+1)*h])
			t.visual++
		} else if err := m.Decoder.Embed([]int{token.ID}, row); err != nil {
			return nil, err
		}
	}
	for i := range vlmDecode {
		t.forced = append(t.forced, 1+i*7919%(m.Decoder.Config.Vocabulary-1))
	}
	return t, nil
}
