// Package layering holds one test: that the packages of Winnow import only what lies below
// them, and that each explains itself in a doc.go.
//
//	app ─▶ robotics, diffusion, vlm ─▶ vision ─▶ pruning ─▶ internal
//
// It has no code of its own. Start reading at the rules in layering_test.go.
package layering
