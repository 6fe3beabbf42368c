// Package scenes paints pictures of which everything is known, and asks about them.
//
//	sprites + backgrounds ─▶ Generator ── seed, Options ─▶ Scene{Image, Objects, Labels, Caption, Questions}
//
// Sixty things stand in ten themes, and most objects of a scene come from one: where there is a cow,
// a sheep is likely. So a model that guesses from company is caught by an adversarial negative (an
// absent thing of the same company) and by Options.Broken (no company at all). The answers are
// computed from the objects, never from the pixels, in the very words the built-in model learnt.
//
// A later object may lie on an earlier one, but at least half of each stays in sight. Labels are
// read from the pixels that are seen, patch by patch.
//
// The same seed, options, sprites and backgrounds give the same bytes on one kind of machine. On
// processors that fuse a multiplication with an addition (arm64) a pixel may differ by one step.
//
// Each kind of question has several wordings. Training also hears the caption asked for in several
// ways and sees augmented things: some drawn anew in few flat colours (flatten), those whose colour
// is never asked for in any palette. Options.Crowded is for an encoder that is trained alone.
//
// Background questions are asked only when Options.Kinds names them: the built-in model's
// vocabulary has no words of its own for their answers.
//
// Start with Generator.Make. The command in paint draws a sheet to look at and writes the stream
// that training reads; the one in fetch rebuilds the sprites. README.md has the licences.
package scenes
