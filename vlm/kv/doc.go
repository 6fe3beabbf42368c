// Package kv is the key-value cache of a decoder: ragged, every entry knowing where it came from.
//
// Each layer has two device arrays of rows and a Layout that says what the rows are. Layers
// that hold the same rows share one Layout, and so share masks, positions and write indices in
// a graph:
//
//	layer 0, 1   Layout{rows: all 280 tokens}
//	layer 2 … 5  Layout{rows: the 65 tokens that were kept}
//
// A Layout is never changed in place; every operation (edit.go) makes a new one for the layers it
// concerns. Evicting moves rows together on the device, so bytes are really saved. Keys are
// stored rotated and are never renumbered; Next is the position of the layer's next row.
//
// Entries may be packed (packed/): they leave the device arrays for codes of a few bits that
// attention reads as they are. The first Layout.Packed entries are those.
package kv
