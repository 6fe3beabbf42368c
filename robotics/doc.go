// Package robotics lets an actor carry out a task in the simulator, over and over.
//
//	          ┌────────── pictures, instruction, proprio ◀──────────┐
//	Actor: Network (a policy) or Script (the suite's expert)     sim.Env
//	          └──▶ chunk [K × action] ──▶ one action a step ────────┘
//	                                          │
//	                                          ▼
//	              episode.Recorder ──▶ Options.Record, an episode at a time
//
// A chunk is carried out open loop: nobody looks again before its last action, as in the
// evaluations of OpenVLA-OFT and CogVLA. An episode is over when the environment says that the task
// is fulfilled, or has no more steps; success is: fulfilled in at least one step. Every number of an
// action is cut to −1 … 1 before it is sent, as the simulator would do, so what is recorded is what
// was done.
//
//	env, err := suites.Open("table", "push", render.Options{Width: 96, Height: 96})
//	actor, err := robotics.NewScript("table", "push", false)
//	report, err := robotics.Run(ctx, env, actor, robotics.Options{Episodes: 20})
//	low, high := robotics.Wilson(report.Successes(), len(report.Episodes))
//
// Run tries a number of episodes. A Trial is one of them, a step at a time (trial.go): it may stand
// between two steps, be told another instruction in the middle, and go on with another actor. A View
// paints what stands for people (view.go).
//
// Whether a policy's cameras, actions and state are those of a task is checked before the start
// (fit.go), with a run on black pictures. Errors name the episode and the step; both count from 1.
//
// Sub-packages: policy (networks), sim (tasks), episode (recordings), export (their formats).
//
// Start reading at trial.go, then run.go, actor.go and network.go.
package robotics
