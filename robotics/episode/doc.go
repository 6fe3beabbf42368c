// Package episode is what a robot did in one run of a policy, as plain values.
//
//	Episode ── who and where: suite, task, instruction, robot, fps, seed, model, method
//	        ├─ State, Action []Dim      names, units and frames of the numbers in a step
//	        ├─ Cameras []Camera         names, sizes, formats of the pictures in a step
//	        └─ Steps []Step             time, state [S], action [A], reward, success, pictures
//	                                    and, where a policy was asked: chunk [K×A], what was pruned
//
// A step holds what was seen before acting and what was then done: state and pictures, the action,
// and the reward that followed. An episode is recorded live, a step at a time, and kept in one file:
//
//	rec, err := episode.NewRecorder(about)      // about.Steps is empty
//	err = rec.Add(step)                         // each control step; refused with a sentence
//	ep := rec.Episode()                         // what was recorded so far
//	err = episode.Save("run.episode", ep)       // the whole file, or none
//	ep, err = episode.Open("run.episode")
//
// Nothing that fails Validate is ever written or returned by Open, so exporters need not look for
// NaN, for rows of different lengths or for a picture of the wrong size.
//
// The format (codec.go): magic, a JSON header with all but the steps, the steps in binary, a CRC-32.
// Start with episode.go; then validate.go for what must hold, and codec.go, limits.go for the file.
package episode
