// Package metaworld has the ten tasks of Meta-World's MT10, as the Python package metaworld
// 3.1.1 has them: the same scenes, observations, rewards, success checks and action space.
//
// Yu et al., "Meta-World: A Benchmark and Evaluation for Multi-Task and Meta Reinforcement
// Learning", CoRL 2019. The scenes come with `winnow native install mujoco`; the tasks and
// the scripted experts are written anew here after the package (MIT).
//
// A Sawyer arm hangs on a mocap body by a weld. An action is four numbers: the mocap body's
// move in x, y and z, a hundredth of a metre at 1, and the gripper's effort. A control step is
// five physics steps of 2.5 ms.
//
// The observation is Meta-World's, 39 numbers:
//
//	0..2    the hand's position        3      the gripper's opening, 0..1
//	4..10   the object's position and quaternion (x, y, z, w; zeros where the task has none)
//	11..17  zeros
//	18..35  0..17 one step earlier
//	36..38  the goal
//
// agree_test.go compares every step of rollouts that the Python package has recorded
// (testdata/record.py): observations, rewards, success and the experts' actions.
//
// Pictures: the usual camera is corner2, nearer to the table than in the scene file (at 0.75,
// 0.075, 0.7), where those who train policies from pictures put it; the three corner cameras'
// pictures are turned by half a turn, since the cameras hang upside down.
//
// What differs: an episode's random numbers come from a seed of Go's, not of numpy's; the
// instruction is a sentence of the paper's task list, since the package has none.
//
// Start reading at env.go, then tasks.go.
package metaworld
