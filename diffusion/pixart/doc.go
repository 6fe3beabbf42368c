// Package pixart is the denoiser of the PixArt family: a diffusion transformer whose blocks share
// one modulation (adaLN-single) and attend to text.
//
//	latent ─▶ patches ─▶ linear + positions ─▶ x ─▶ blocks ─▶ norm, modulate, linear ─▶ prediction
//	timestep (and resolution, aspect ratio) ─▶ e ─▶ silu, linear ─▶ six vectors for all blocks
//	text rows ─▶ two-layer network ─▶ keys and values of every block
//
//	shift₁, scale₁, gate₁, shift₂, scale₂, gate₂ = shared + the block's own table
//	x += gate₁ · self-attention(norm(x)·(1+scale₁) + shift₁)
//	x += cross-attention(x, text)
//	x += gate₂ · ffn(norm(x)·(1+scale₂) + shift₂)          ffn: linear, tanh-GELU, linear
//
// Chen et al., "PixArt-α", ICLR 2024, section 2.3; "PixArt-Σ", ECCV 2024. Names, shapes and
// arithmetic are those of diffusers' PixArtTransformer2DModel, so that its checkpoints load as
// they are: config.json beside diffusion_pytorch_model.safetensors. Patches may be pixels as well
// as latent cells; positions are sines, or a table that the checkpoint holds.
//
// Use: a Model holds the weights, a Session draws pictures of one size. Begin takes the prompt,
// whose keys and values do not change over the steps and so are computed once; Evaluate runs the
// network on one latent, or on the two halves of guidance at once.
//
//	m, err := pixart.Load(dir, backend, tensors.AsStored)
//	s, err := m.NewSession(pixart.Size{Batch: 2, Height: 64, Width: 64, Text: 77})
//	err = s.Begin(ctx, pixart.Prompt{Text: [][]float32{empty, words}})
//	noise, err := s.Evaluate(ctx, [][]float32{x, x}, []float64{t}, pixart.Evaluation{})
//
// # Some tokens only
//
// A pruner (SADA, section 2.4 of its description) may ask for some tokens: each block gathers
// their rows, runs whole on them (self-attention among them only), writes its output into a cache
// at those rows, and hands on the cache. Since the same rows are gathered again at once, they are
// what was just written: what lies at other rows of a cache is never read, but for the last
// block's, which the output layer sees as a whole. So rows are gathered once, as patches, and only
// the last block has a cache. A test holds this against the form in words.
//
//	Evaluation{Store: true}       all tokens; the cache is filled
//	Evaluation{Tokens: kept}      kept rows; the cache has them renewed
//
// The cache belongs to the picture: Begin forgets it, and so does an evaluation that was cancelled
// while it wrote.
//
// Start reading at model.go, then graph.go (a block), step.go (an evaluation), session.go. Products are
// the matrix products of an evaluation alone, to measure one beside.
package pixart
