// Package models carries the built-in models inside the program, so that it works at once and
// offline.
//
//	llava-sprites/   a decoder and its vision encoder (mmproj), GGUF in q8_0, made by
//	                 assets/convert; its README says how it was trained and what it can do
//
// Nothing but the catalogue in models.go depends on which models these are.
package models
