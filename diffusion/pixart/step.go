package pixart

import (
	"context"
	"fmt"
	"slices"

	"winnow/internal/compute"
)

// stepKey is what the graph of an evaluation depends on beside the size.
type stepKey struct {
	// kept tokens of every latent are computed; all of them unless some.
	kept   int
	some   bool
	store  bool // the last block's output goes to the cache (always so when some)
	masked bool
}

// stepProgram is a compiled evaluation.
type stepProgram struct {
	key     stepKey
	program compute.Program
	cost    compute.Cost

	conditions
	patches *compute.Tensor // [patch²·channels, kept·batch]
	kept    *compute.Tensor // tokens of one latent, when some
	rows    *compute.Tensor // the same as rows of the cache, when something is written there
	mask    *compute.Tensor // [text, 1, 1, batch]
	out     *compute.Tensor // [patch²·out, tokens·batch]
	watched map[string]*compute.Tensor
}

// state is what outlives an evaluation on the device, in F32.
type state struct {
	positions compute.Array   // [width, tokens]
	text      []compute.Array // keys and values of the text: [2·width, rows·batch] a block
	// cache is the last block's output [width, tokens·batch]; nil until something is stored. See
	// doc.go for why no other block needs one.
	cache compute.Array
}

// step builds the graph of an evaluation. Every block computes the kept tokens only; what the
// last one gives is written into its cache, and the cache as a whole goes on to the output.
func (b *builder) step(key stepKey, st state) *stepProgram {
	g, c := b.g, b.m.Config
	p := &stepProgram{key: key, conditions: b.conditions(), watched: b.watched}
	p.patches = g.Input("patches", compute.F32, c.Patch*c.Patch*c.Channels, key.kept*b.size.Batch)
	positions := g.Leaf(st.positions)
	if key.some {
		p.kept = g.Input("kept tokens", compute.I32, key.kept)
		positions = g.GetRows(positions, p.kept)
	}
	if key.masked {
		p.mask = g.Input("text mask", compute.F32, b.size.Text, 1, 1, b.size.Batch)
	}
	embedded, shared := b.modulation(p.conditions)
	x := b.patches(p.patches, positions)
	for i := range b.m.blocks {
		x = b.block(i, x, shared, g.Leaf(st.text[i]), p.mask)
	}
	if key.store {
		p.rows = g.Input("cache rows", compute.I32, key.kept*b.size.Batch)
		cache := g.SetRows(g.Leaf(st.cache), x, p.rows)
		if key.some {
			x = cache
		}
	}
	p.out = g.Output(b.finish(x, embedded))
	p.cost = g.Cost()
	return p
}

// Evaluation says how the network is run.
type Evaluation struct {
	// Tokens that are computed, ascending and the same for every latent; nil: all. The others
	// have the last block's output of the latest evaluation that computed or stored them. The
	// cache takes up what is computed.
	Tokens []int
	// Store: an evaluation of all tokens fills the cache that later ones with Tokens need.
	Store bool
}

// Evaluate runs the network on latents [batch][channels × height × width] at timesteps, one for
// all or one for each, and returns [batch][out × height × width]. When ctx ends it stops after
// the operation under way (on a GPU, after the evaluation) with compute.ErrCancelled.
func (s *Session) Evaluate(ctx context.Context, latents [][]float32, timesteps []float64, e Evaluation) ([][]float32, error) {
	key, tokens, err := s.accept(latents, timesteps, e)
	if err != nil {
		return nil, err
	}
	p, err := s.program(key)
	if err != nil {
		return nil, err
	}
	in := s.inputs(p, latents, timesteps, tokens)
	if key.store {
		s.filled = false // until the write has come to its end
	}
	if err := p.program.Run(ctx, in...); err != nil {
		return nil, err
	}
	s.filled = s.filled || key.store
	rows := make([]float32, p.out.Shape.Elements())
	if err := p.program.ReadFloats(p.out, rows); err != nil {
		return nil, err
	}
	out := make([][]float32, s.size.Batch)
	for b := range out {
		out[b] = s.size.picture(rows[b*len(rows)/len(out):])
	}
	return out, nil
}

// accept checks what Evaluate is given.
func (s *Session) accept(latents [][]float32, timesteps []float64, e Evaluation) (stepKey, []int, error) {
	z, c := s.size, s.model.Config
	key := stepKey{kept: z.Tokens(), store: e.Store, masked: s.mask != nil}
	if !s.begun {
		return key, nil, fmt.Errorf("the session has no prompt yet; call Begin before the first evaluation")
	}
	if len(latents) != z.Batch || len(timesteps) != 1 && len(timesteps) != z.Batch {
		return key, nil, fmt.Errorf("the session evaluates %d latents at once, %d with %d timesteps were given", z.Batch, len(latents), len(timesteps))
	}
	for _, l := range latents {
		if len(l) != c.Channels*z.Height*z.Width {
			return key, nil, fmt.Errorf("a latent has %d numbers, %d channels of %d×%d cells have %d", len(l), c.Channels, z.Height, z.Width, c.Channels*z.Height*z.Width)
		}
	}
	if e.Tokens == nil {
		return key, all(z.Tokens()), nil
	}
	n := len(e.Tokens)
	switch {
	case n == 0:
		return key, nil, fmt.Errorf("no token is kept; keep at least one, or skip the evaluation")
	case !slices.IsSorted(e.Tokens) || len(slices.Compact(slices.Clone(e.Tokens))) != n:
		return key, nil, fmt.Errorf("the kept tokens are not ascending, each once")
	case e.Tokens[0] < 0 || e.Tokens[n-1] >= z.Tokens():
		return key, nil, fmt.Errorf("tokens %d to %d are kept of %d", e.Tokens[0], e.Tokens[n-1], z.Tokens())
	case n < z.Tokens() && !s.filled:
		return key, nil, fmt.Errorf("%d of %d tokens are kept, but no evaluation of all tokens has been stored since Begin", n, z.Tokens())
	}
	key.kept, key.some, key.store = n, true, true
	return key, e.Tokens, nil
}

// inputs binds what an evaluation reads.
func (s *Session) inputs(p *stepProgram, latents [][]float32, timesteps []float64, tokens []int) []compute.Binding {
	z := s.size
	if len(timesteps) < z.Batch {
		timesteps = slices.Repeat(timesteps, z.Batch)
	}
	patches := make([]float32, p.patches.Shape.Elements())
	for b, latent := range latents {
		z.patchRows(patches[b*len(patches)/z.Batch:], latent, tokens)
	}
	in := []compute.Binding{compute.In(p.time, sinusoidsOf(timesteps)), compute.In(p.patches, patches)}
	if p.resolution != nil {
		in = append(in, compute.In(p.resolution, s.resolution), compute.In(p.aspect, s.aspect))
	}
	if p.kept != nil {
		kept := make([]int32, len(tokens))
		for i, t := range tokens {
			kept[i] = int32(t)
		}
		in = append(in, compute.In(p.kept, kept))
	}
	if p.rows != nil {
		in = append(in, compute.In(p.rows, z.batched(tokens)))
	}
	if p.mask != nil {
		in = append(in, compute.In(p.mask, s.mask))
	}
	return in
}
