// Package diffusion draws pictures: a prompt becomes conditioning, noise becomes a latent, and
// the latent becomes pixels.
//
//	prompt ─▶ text encoder ─▶ conditioning ─┐
//	noise ─▶ solver ─▶ input ─▶ denoiser ───┴─▶ prediction ─▶ solver ─▶ … ─▶ picture
//	                               ▲                              │
//	                               └── decision ◀── methods ◀── probes
//
// The denoiser is run once a step, over both halves of guidance at once, and is nearly all of the
// time; the solver is arithmetic on one latent. So a method that saves time skips evaluations of
// the denoiser, or some of its tokens, while the solver takes every step. After each step i
//
//	methods see   Latent, NextLatent, Clean, Noise (after guidance) [cells × channels], Denoising
//	and decide    how step i+1 gets its prediction: full, some tokens, an estimate in its place
//
// What a skipped step shows as Noise is the prediction that its estimate was made beside: the last
// one, or the estimate itself where that is a prediction.
//
// A model is a folder in diffusers' layout whose network draws pixels, without an autoencoder:
//
//	m, err := diffusion.Load(dir, backend)
//	err = m.Admit(draw, methods)                     // a sentence, before anything is computed
//	g, drawing, err := m.Begin(ctx, draw)            // text encoded, schedule; for all sides
//	picture, drawn, err := g.Run(ctx, nil, trace.Dense, emit)
//	picture, drawn, err = g.Run(ctx, methods, trace.Pruned, emit)
//
// The first Begin of a size also runs one evaluation that no clock sees, so that the first step of
// the first side does not pay for compiling. The graphs of token-wise steps are compiled when they
// come, one for each number of tokens, and that time is theirs.
//
// Start with run.go, the loop; then methods.go (what methods see and how it is carried out),
// begin.go, admit.go, model.go; measure.go times an evaluation beside its matrix products. The parts
// are the folders beside: solver, pixart (the denoiser),
// cliptext with its tokenizer bpe; internal/tensors reads their files.
package diffusion
