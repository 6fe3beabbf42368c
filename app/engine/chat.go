package engine

import (
	"context"
	"time"

	"winnow/internal/compute"
	"winnow/internal/memory"
	"winnow/internal/trace"
)

// Chat is a conversation without pictures that keeps its cache between turns. One goroutine
// uses it.
type Chat struct {
	local    *Local
	messages []trace.Message
	// said is what the cache holds, as text; a turn computes only what comes after.
	said string
}

// OpenChat loads a text model.
func OpenChat(ctx context.Context, model, device string, threads int) (*Chat, error) {
	// Small models are touchy: SmolLM2 names Paris with exact keys and values, and rambles in
	// halves, in llama.cpp too.
	l := NewLocal(LocalOptions{ExactKV: true})
	if err := l.load(trace.Request{Model: model, Device: device, Threads: threads}); err != nil {
		return nil, err
	}
	return &Chat{local: l}, ctx.Err()
}

// Say answers one more message, streaming the events of one dense side. A cancelled answer
// stays in the conversation as far as it came.
func (c *Chat) Say(ctx context.Context, text string, s trace.Sampling, emit func(trace.Event)) error {
	turns := append(c.messages, trace.Message{Role: "user", Text: text})
	prompt, whole, err := c.local.model.Continue(turns, c.said)
	if err != nil {
		return err
	}
	if prompt.Fresh() {
		c.local.session.Reset()
	}
	started := time.Now()
	var answer string
	done, err := c.local.session.Generate(ctx, prompt, nil, s, trace.Dense, func(e trace.Event) {
		if w, ok := e.(trace.Word); ok {
			answer += w.Text
		}
		emit(e)
	})
	if err != nil && err != compute.ErrCancelled {
		c.Reset() // the cache may hold half a turn
		return err
	}
	c.messages = append(turns, trace.Message{Role: "assistant", Text: answer})
	// An answer cut short leaves its last token outside the cache: the next turn starts afresh.
	if c.said = whole + answer; done.Ended != "end token" {
		c.said = ""
	}
	emit(trace.Ended{Cancelled: err != nil, MS: since(started), PeakMemory: memory.Peak()})
	return nil
}

// Describe says what answers.
func (c *Chat) Describe() trace.Model { return c.local.model.Describe(modelName(c.local.key.model)) }

// Reset forgets the conversation.
func (c *Chat) Reset() {
	c.local.session.Reset()
	c.messages, c.said = nil, ""
}

// Close frees the model.
func (c *Chat) Close() { c.local.Close() }

var _ Engine = (*Local)(nil)
