// Package grid is the geometry between a picture and the patch tokens a model makes of it.
//
// A vision encoder never sees the picture a person opened. It sees a small square that was cut out
// of a resized copy, divided into Rows × Cols patches, one token each, numbered row by row:
//
//	   picture, source pixels                 model pixels            tokens
//	0 ┌──────────────────────┐
//	  │     ┌──────────┐     │            ┌──┬──┬──┬──┐            0  1  2  3
//	  │     │   Box    │     │  resize,   ├──┼──┼──┼──┤            4  5  6  7
//	  │     │          │     │ ─────────▶ ├──┼──┼──┼──┤   ─────▶   8  9 10 11
//	  │     └──────────┘     │   crop     └──┴──┴──┴──┘
//	H └──────────────────────┘
//	  0                      W
//
// Geometry remembers the Box: the part of the picture, in source pixels, that became the model's
// square. It is made by the preprocessor, travels in the trace, and is all a view needs to draw the
// crop box, to place a heat-map, and to say which patch lies under the mouse. Where a model pads
// the picture instead of cropping it, the Box sticks out of the picture; that is meant.
//
// Start with Geometry, then Grid.
package grid
