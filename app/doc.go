// Winnow shows, live, what a multimodal model can do without.
//
// Without a verb it opens its window (main_gui.go); `winnow <verb>` runs headless with the same
// engine (package cli). Built without cgo, or with the tag nogui, it has no window
// (main_headless.go).
package main
