// Package heatmap draws what a method did to the patches of a picture.
//
//	scores, kept (one a cell) ──▶ RenderInto ──▶ Cols × Rows pixels ──▶ the window scales it over the picture
//	                                  │
//	picture, geometry ────────────────┴──────▶ Compose ──▶ a figure of any size
//
// The small image has one premultiplied pixel a cell, so a redraw costs microseconds and no allocation, and
// the window (or Compose) stretches it over the box that the model saw, cell edges sharp.
//
// Three modes: Kept darkens what was dropped and leaves what was kept untouched; Score colours by value;
// Rank colours by order, which shows structure where a few scores tower over the rest.
//
// Two more maps stand beside them: RenderOverlap shows which of several sides keep a cell (all, one alone,
// some, none), RenderShare darkens by the share of heads that do not see a token while a word is chosen.
//
// Start with Options and RenderInto; colour maps are in maps.go, outlines in frames.go.
package heatmap
