package bench

import (
	"context"

	"winnow/internal/compute"
	"winnow/internal/libllama"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm"
)

// contender computes the task.
type contender interface {
	// prefill starts anew and computes the prompt up to the logits of its last row.
	prefill(ctx context.Context) error
	// step appends a token and computes the logits after it.
	step(ctx context.Context, id int) error
	close()
}

// winnow is this engine, dense or with methods.
type winnow struct {
	session *vlm.Session
	prompt  *vlm.Prompt
	visual  int
	methods []pruning.Stacked
}

func newDense(m *vlm.Model, t *task) *winnow { return newPruned(m, t, nil) }

func newPruned(m *vlm.Model, t *task, methods []pruning.Stacked) *winnow {
	return &winnow{session: m.NewSession(compute.F16), prompt: t.prompt, visual: t.visual, methods: methods}
}

func (w *winnow) prefill(ctx context.Context) error {
	w.session.Reset()
	return w.session.Prefill(ctx, w.prompt, w.methods, 0, trace.Pruned, func(trace.Event) {})
}

func (w *winnow) step(ctx context.Context, id int) error { return w.session.Step(ctx, id) }
func (w *winnow) close()                                 { w.session.Close() }

// kept is the share of visual tokens in the last layer, by one more run; 1 where there are none.
func (w *winnow) kept(ctx context.Context) (float64, error) {
	if w.visual == 0 {
		return 1, nil
	}
	w.session.Reset()
	done, err := w.session.Follow(ctx, w.prompt, w.methods, 0, []int{0}, func(int, []float32) error { return nil })
	if err != nil {
		return 0, err
	}
	return float64(done.KeptByLayer[len(done.KeptByLayer)-1]) / float64(w.visual), nil
}

// peer is libllama.
type peer struct {
	version string
	model   *libllama.Model
	context *libllama.Context
	batch   libllama.Batch
}

func (p *peer) prefill(context.Context) error {
	p.context.Clear()
	if err := p.context.Decode(p.batch); err != nil {
		return err
	}
	_, err := p.context.Logits(p.rows() - 1)
	return err
}

func (p *peer) rows() int {
	if len(p.batch.Tokens) > 0 {
		return len(p.batch.Tokens)
	}
	return len(p.batch.Embeddings) / p.model.Hidden
}

func (p *peer) step(_ context.Context, id int) error {
	if err := p.context.Decode(libllama.Batch{Tokens: []int{id}}); err != nil {
		return err
	}
	_, err := p.context.Logits(0)
	return err
}

func (p *peer) close() {
	p.context.Close()
	p.model.Close()
}
