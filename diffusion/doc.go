// Package diffusion draws pictures: a prompt becomes conditioning, noise becomes a latent, and
// the latent becomes pixels.
//
//	prompt ─▶ text encoder ─▶ conditioning ─┐
//	noise ─▶ solver ─▶ input ─▶ denoiser ───┴─▶ output ─▶ solver ─▶ … ─▶ latent ─▶ autoencoder ─▶ picture
//
// The denoiser is run once a step (twice with guidance) and is nearly all of the time; the solver
// (package solver) is arithmetic on one latent. So a method that saves time skips evaluations of
// the denoiser, or some of its tokens, while the solver takes every step: what a method may know
// of the schedule is pruning.Denoising.
//
// One folder a part; each reads the layout of diffusers' folders.
package diffusion
