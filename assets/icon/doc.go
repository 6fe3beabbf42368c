// Command icon draws assets/icon.png, the picture of Winnow: a grid of visual tokens that
// have lost their light, and the few that were kept.
//
//	go run ./assets/icon assets/icon.png
//
// The picture is computed from a table of cells, without a font or a file, so it is the
// same on every machine. Start reading at main.go.
package main
