// Package sim says what a simulated task is: an environment that is reset, stepped and
// observed, as in Gym, with a picture and an instruction for a policy and a reward and a
// success for a bench.
//
//	env, err := suites.Open("table", "pick-colour", render.Options{})
//	obs, err := env.Reset(7)                     // everything random comes from the seed
//	for !done {
//		rgb, err := env.Picture("", nil)         // what a policy sees
//		r, err := env.Step(policy(rgb, obs.Instruction, obs.Proprio))
//		done = r.Success || r.Truncated
//	}
//
//	mujoco      MuJoCo's C library as Go types; offsets generated and verified
//	render      pictures by MuJoCo's renderer without a window
//	metaworld   ten tasks of Meta-World, as its Python package has them
//	table       ten tasks of ours on one table, told apart by their instruction only
//	suites      the list of all of them
//
// The simulator is fetched by `winnow native install mujoco`; without it recorded episodes
// still play, since nothing in them needs this package.
//
// Start reading at env.go.
package sim
