// Package demos plays the suites' experts and writes down what a policy is trained on: two
// pictures, the robot's numbers, the instruction, and the action that the expert meant, without the
// noise that it was carried out with. A Learner may act before the expert does (lead.go).
//
//	Player.Play(k) ─▶ Demo ─▶ Demo.Encode ─▶ Stream: to standard output, raw pictures
//	                                     └▶ Shards: into a folder, one JPEG sheet an episode
//
// Episode k has seed First+k, and its task is the seed modulo their number, so the same options give
// the same bytes on one machine, with any number of workers and wherever a recording goes on. Experts are noisy and recover from it; an episode
// that does not succeed is left out.
//
// A record, numbers little-endian:
//
//	uint32  length of the header
//	JSON    header (Header)
//	bytes   pictures: seen × cameras × size × size × RGB, or one JPEG of seen rows of cameras
//	float32 proprio [steps × its names], action [steps × …], state [steps × …]
//
// A record is an episode: its last step is the end. Pictures are there of every Every-th step;
// numbers of every step, so chunks of actions need no others. State has the simulator's numbers:
// helpers in training may be taught them, policies never read them.
//
// Start at demo.go, then play.go; record is the command, assets/train-robot the reader.
package demos
