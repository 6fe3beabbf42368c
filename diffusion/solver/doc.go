// Package solver turns noise into a latent, step by step, with any denoiser between.
//
// A state of noise level i is x = a·clean + s·noise. The families keep it in three scales:
//
//	variance preserving   a² + s² = 1           ddim, dpm++, unipc
//	variance exploding    a = 1, s = σ          euler (the network sees x / √(1+σ²))
//	flow matching         a = 1 - σ, s = σ      flow-euler, dpm++ and unipc with flow sigmas
//
// The network's output (the noise ε, the clean sample, v = a·ε - s·clean in variance preserving
// scale, or the flow's velocity ε - clean) gives an estimate of the clean latent; the solver uses
// it, and up to two or three earlier ones, to move x to the next, lower noise level. A network
// that is skipped is replaced by its estimate: Step takes either.
//
//	s, err := solver.New(config)           // checked; may serve many runs
//	run, err := s.Start(20)                // one picture
//	x := run.Initial(solver.Noise(seed, n))
//	for i := range run.Steps {
//		output := network(run.Input(i, x), run.Time(i))
//		x, clean, err = run.Step(i, x, run.Translate(i, x, output), nil)
//	}
//
// Configs are diffusers' scheduler_config.json; the numbers are those of its version 0.42
// computed in float64 (DDIMScheduler, EulerDiscreteScheduler, DPMSolverMultistepScheduler with
// its older and its stochastic variants, UniPCMultistepScheduler, FlowMatchEulerDiscreteScheduler).
// Named makes a config from a short name (Names) and the config that a checkpoint came with.
// flownet.go lets one flow-trained network serve the other families too.
//
// Read config.go, then run.go; each family is one file.
package solver
