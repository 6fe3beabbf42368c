package libllama

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"winnow/internal/compute"
)

// Flash says whether attention is one fused operation.
type Flash int32

// The choices of Flash; libllama's own default is FlashAuto.
const (
	FlashAuto Flash = -1
	FlashOff  Flash = 0
	FlashOn   Flash = 1
)

// Options of a context.
type Options struct {
	// Context is the most tokens it holds; Threads the processor threads.
	Context, Threads int
	// KV is how keys and values are stored: compute.F16 or compute.F32.
	KV    compute.Type
	Flash Flash
}

// Context is a conversation: a cache and the logits of the last batch.
type Context struct {
	m    *Model
	ctx  ptr
	pool ptr // threads kept between batches, as llama.cpp's own tools do
	next int32
	// wanted maps the rows of the last batch to whether they have logits.
	wanted []int8
}

// NewContext makes an empty one.
func (m *Model) NewContext(o Options) (*Context, error) {
	if m.model == 0 {
		return nil, errClosed
	}
	if o.Context < 1 || o.Threads < 1 || o.KV != compute.F16 && o.KV != compute.F32 {
		return nil, fmt.Errorf("a context of %d tokens on %d threads with %v entries cannot be made", o.Context, o.Threads, o.KV)
	}
	p := m.l.contextDefaults()
	p.context = uint32(o.Context)
	p.threads, p.threadsBatch = int32(o.Threads), int32(o.Threads)
	p.typeK, p.typeV = int32(o.KV), int32(o.KV)
	p.flash = int32(o.Flash)
	p.maxOutputsPer = 0 // as many as the batch has
	c := &Context{m: m, ctx: m.l.initContext(m.model, p)}
	if c.ctx == 0 {
		return nil, fmt.Errorf("libllama cannot make a context of %d tokens%s", o.Context, because())
	}
	params := make([]uint64, 256) // struct ggml_threadpool_params: about 530 bytes
	var pin runtime.Pinner
	pin.Pin(&params[0])
	m.l.poolParams(address(params), int32(o.Threads))
	c.pool = m.l.newPool(address(params))
	pin.Unpin()
	if c.pool != 0 {
		m.l.attachPool(c.ctx, c.pool, c.pool)
	}
	return c, nil
}

// Length is the most rows that it holds, at least what was asked for.
func (c *Context) Length() int { return int(c.m.l.contextLength(c.ctx)) }

// Batch is what Decode appends: tokens, or rows of embeddings [rows × hidden].
type Batch struct {
	Tokens     []int
	Embeddings []float32
	// Every asks for the logits of every row; else the last row has them, unless None.
	Every, None bool
}

func (b Batch) rows(hidden int) (int, error) {
	switch {
	case len(b.Tokens) > 0 && len(b.Embeddings) > 0:
		return 0, errors.New("a batch has tokens or embeddings, not both")
	case len(b.Tokens) > 0:
		return len(b.Tokens), nil
	case len(b.Embeddings) > 0 && len(b.Embeddings)%hidden == 0:
		return len(b.Embeddings) / hidden, nil
	}
	return 0, fmt.Errorf("a batch of %d tokens and %d numbers is not rows of %d", len(b.Tokens), len(b.Embeddings), hidden)
}

// Decode computes a batch that follows what the context holds.
func (c *Context) Decode(b Batch) error {
	if c.ctx == 0 {
		return errClosed
	}
	n, err := b.rows(c.m.Hidden)
	if err != nil {
		return err
	}
	ids := make([]int32, n)
	for i, id := range b.Tokens {
		if id < 0 || id >= c.m.Vocabulary { // libllama would end the process
			return fmt.Errorf("token %d lies outside the vocabulary of %d", id, c.m.Vocabulary)
		}
		ids[i] = int32(id)
	}
	positions, counts := make([]int32, n), make([]int32, n)
	zero, sequences := make([]int32, 1), make([]ptr, n)
	if int(c.next)+n > c.Length() {
		return fmt.Errorf("%d rows after %d do not fit in a context of %d", n, c.next, c.Length())
	}
	c.wanted = make([]int8, n)
	for i := range n {
		positions[i], counts[i], sequences[i] = c.next+int32(i), 1, address(zero)
		if !b.None && (b.Every || i == n-1) {
			c.wanted[i] = 1
		}
	}
	raw := batch{n: int32(n), position: address(positions), sequences: address(counts), sequence: address(sequences), logits: address(c.wanted)}
	if len(b.Tokens) > 0 {
		raw.token = address(ids)
	} else {
		raw.embedding = address(b.Embeddings)
	}
	var pin runtime.Pinner
	for _, p := range []any{&zero[0], &positions[0], &counts[0], &sequences[0], &c.wanted[0], &ids[0]} {
		pin.Pin(p)
	}
	if len(b.Embeddings) > 0 {
		pin.Pin(&b.Embeddings[0])
	}
	status := c.m.l.decode(c.ctx, raw)
	c.m.l.synchronize(c.ctx)
	pin.Unpin()
	if status != 0 {
		return fmt.Errorf("libllama stopped at position %d with status %d%s", c.next, status, because())
	}
	c.next += int32(n)
	return nil
}

// Logits are those after row i of the last batch, in libllama's memory: valid until the next.
func (c *Context) Logits(i int) ([]float32, error) {
	if i < 0 || i >= len(c.wanted) || c.wanted[i] == 0 {
		return nil, fmt.Errorf("the last batch has no logits after row %d", i)
	}
	p := c.m.l.logits(c.ctx, int32(i))
	if p == 0 {
		return nil, fmt.Errorf("libllama has no logits after row %d%s", i, because())
	}
	return unsafe.Slice(at[float32](p), c.m.Vocabulary), nil
}

// Clear forgets the conversation.
func (c *Context) Clear() {
	c.m.l.memoryClear(c.m.l.memory(c.ctx), false)
	c.next, c.wanted = 0, nil
}

// Close frees the context.
func (c *Context) Close() {
	if c.ctx == 0 {
		return
	}
	c.m.l.freeContext(c.ctx)
	if c.pool != 0 {
		c.m.l.freePool(c.pool)
	}
	c.ctx = 0
}
