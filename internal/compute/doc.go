// Package compute is the only door to arithmetic.
//
// A model describes what it wants as a Graph: a list of tensors, each the result of one
// operation on earlier ones. Nothing is computed while a graph is built; shapes are checked
// there, once, and the first mistake is kept and returned by Compile. A Backend compiles the
// graph to a Program, which can run many times with new inputs.
//
//	g := compute.NewGraph()
//	x := g.Input("x", compute.F32, 192, 256)     // 256 rows of 192
//	y := g.Output(g.MulMat(g.Leaf(w), x))        // w: [192, 704] → y: [704, 256]
//	p, err := backend.Compile(g)
//	err = p.Run(ctx, compute.In(x, pixels))
//	err = p.ReadFloats(y, out)
//
// Shapes are written fastest dimension first, as in ggml and GGUF: a matrix [k, n] holds n
// rows of k numbers, and MulMat contracts over dimension 0.
//
// Two backends answer to this door: ggml (native libraries loaded at run time) and ref (plain
// Go: the oracle of the tests, and the fallback where no library can be had). What an
// operation means is said once, at its constructor in ops.go; ref is that sentence in code.
// What neither has, a pipeline computes itself within the graph: a HostOp (host.go).
//
// A pipeline cuts its work into several graphs, a segment between two decision sites each.
// What outlives a segment (KV cache, hidden rows) lives in Arrays on the device. Matrix
// products and attention are counted in FLOPs from the graph itself, so a counted number never
// depends on the backend.
//
// Start reading at graph.go, then ops.go, then backend.go.
package compute
