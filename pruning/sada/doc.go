// Package sada leaves out the network evaluations of a picture that the trajectory foretells, and
// computes only the unstable tokens in some of the others.
//
// Jiang et al., "SADA: Stability-guided Adaptive Diffusion Acceleration", ICML 2025, arXiv
// 2507.17135. No training, no calibration. The solver makes every step; what changes is where its
// prediction comes from. After step i one number decides about step i+1:
//
//	y    the gradient of the probability flow, ½βN(ε/s − x); y₁, y₂ those of the steps before
//	x̂    the next state by extrapolation, x − (0.625y + 0.75y₁ − 0.375y₂)/N
//	κ    (x' − x̂)·Δ²y by cell and channel, x' the solver's next state, Δ²y = y − 2y₁ + y₂
//	K    the mean of κ; ≤ 0: the trajectory bends where it is going, and is stable
//
//	step    0 ····· from ············ lagrange_step ················ to ··· N
//	        evaluate │ K ≤ 0: skip the next │ evaluate one in four, the   │ evaluate
//	                 │ K > 0: evaluate      │ others whatever K says      │
//	clean estimate   │ of x̂ and last ε      │ Lagrange through those of   │
//	of a skip        │                      │ steps 1 mod 4 before        │
//	token-wise:      cells with κ ≥ 0, where an evaluation follows an evaluation
//
// In flow matching there is no x̂: κ is minus the second difference of the velocities used, K ≤ 0 is
// stable too, a skipped step gets a velocity on the line through the last two, and multistep is
// the grid alone. After a skip K is 0 there, so that skips run up to max_interval.
//
// A token-wise evaluation computes the unstable tokens and one drawn by seed and step in each
// window; the other rows come from each block's cache. The first evaluation after a skip fills the
// caches, and then every max_interval-th.
//
// Ours is the released code. Where it differs from the paper, or surprises:
//
//   - coefficients=paper takes x̂ and the strict K < 0 of the paper. Either moves the state by about
//     one training step, not by one of N, so x̂ lies near x and the choice hardly shows.
//   - The ve family's Lagrange nodes are divided by α of their step, the value multiplied by
//     another: see node. With v in the ve family an estimate comes from x', not x̂: see clean.
//   - In flow matching a skipped step counts as one that repeated the last velocity, so the line
//     after "evaluate, skip, evaluate" runs twice as steep. A true line, and Lagrange through clean
//     estimates, were no better at 20 to 50 steps on exact toy denoisers.
//   - The code extrapolates from missing nodes and stops; here such a step is evaluated.
//
// Ours alone: the published numbers are for 50 steps; schedule=scaled (the default, the same at
// 50) keeps from, to and lagrange_step at their share of the schedule, evaluates the last step
// always, and begins multistep at a multiple of lagrange_int that has its nodes behind it. The
// intervals themselves are not scaled, so short schedules take coarser skips than the paper's. A
// velocity network under a vp or ve solver is read as the epsilon that it implies. The paper's
// masks are for UNets, whose first blocks have a token a cell; tokens=auto follows its demos, and
// tokens=on prunes whatever the patch and family. Stochastic solvers are outside the method.
//
// Start with sada.go (parameters, Decide), then plan.go (the window, the rules), criterion.go (K),
// estimate.go (what a skip gets) and tokens.go.
package sada
