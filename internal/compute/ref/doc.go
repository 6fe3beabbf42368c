// Package ref computes graphs in plain Go: the oracle that the other backends are compared
// with, and the fallback where no native library can be had.
//
// It is an interpreter. Run walks the graph's nodes in their order and makes of each a view:
//
//	memory  ........[ a0 a1 a2 . b0 b1 b2 . ]........
//	view             off=8  shape=[3 2]  stride=[1 4]
//
// Numbers are float32 throughout. An F16 or BF16 tensor holds float32 numbers that were
// rounded to what that type can hold, so every operation reads all types alike; integers have
// a memory of their own. Weights stay as given until an operation wants all of their numbers;
// then they are widened once, and the copy is kept with the array.
//
// Reshape, Permute and Slice make a new view of the same memory, SetRows writes into its
// device array, everything else fills a slot. Slots are planned at Compile: a result whose
// last reader has run gives its slot to a later one.
//
// Each function beside an operation is the sentence at its constructor in compute's ops.go.
// Sums that decide an answer's accuracy (norms, soft-max) run in float64, matrix products in
// float32 by blocks.
//
// Start reading at program.go, then view.go, then any operation.
package ref
