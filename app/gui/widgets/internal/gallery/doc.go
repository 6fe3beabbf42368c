// Command gallery shows all widgets with invented values, for looking at them while they are
// being drawn:
//
//	go run -tags migrated_fynedo ./app/gui/widgets/internal/gallery [-light] [-states] [-page P] [-picture F] [-png F]
//
// The pages are ask, inspect, compare and hints; -png draws one into a file without a display.
// With -bench it plays overlays and masks on a PictureView, prints what a redraw costs and ends.
package main
