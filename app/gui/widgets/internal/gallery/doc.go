// Command gallery shows all widgets with invented values, for looking at them while they are
// being drawn:
//
//	go run -tags migrated_fynedo ./app/gui/widgets/internal/gallery [-light] [-states] [-picture F]
//
// With -bench it plays overlays and masks on a PictureView, prints what a redraw costs and ends.
package main
