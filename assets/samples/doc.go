// Package samples holds the scenes that the window offers: pictures of the kind that the built-in
// model was trained on, never seen by it, with questions and true answers.
//
//	samples.json ─▶ Scene{File, Caption, Questions, Data}
//
// Start with Scenes. README.md says where the pictures come from.
package samples
