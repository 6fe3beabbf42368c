// Package theme is how Winnow looks: one dark and one light palette, three faces, two text
// sizes, spacing in steps of four.
//
// Colour carries meaning, so there are only two that are not grey:
//
//	Kept      amber   a token, neuron, KV entry or step that stays
//	Measured  blue    a number read off the clock, and the dense run
//
// Red (fyne's error colour) is for errors only. Everything else is one of the greys named in
// colors.go. Widgets ask for colours by name through their Theme, never by value, so that the
// light palette is complete by construction: a test walks all names in both palettes.
package theme
