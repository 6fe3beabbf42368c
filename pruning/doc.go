// Package pruning is the contract between methods and pipelines.
//
// A method never touches a tensor. It names the probes it wants to see, and where; the pipeline
// runs to that site, hands over what the probes saw, and gets decisions back:
//
//	Probes(model)  ──▶  pipeline runs to the site  ──▶  Decide(seen)  ──▶  decisions
//	  "after layer 1,      layers 0..1                    attention         drop these rows
//	   the last row's                                     [1 × rows]        from here on
//	   attention"
//
// The pipeline applies the decisions and writes them to the trace. So a method is a pure
// function of what it has seen, its parameters and a seed: easy to read, to test against golden
// vectors, and to add. Everything is a value:
//
//   - Token (token.go): a row of the sequence, with its kind, grid cell and original position.
//   - Probe (probe.go): what to observe, at which layer and rows, reduced how.
//   - Decision (decision.go): Drop, Skip, Exclude, Mask, Zero, Evict, Reweigh, Merge, Store,
//     Neurons, Blocks, EditLogits, Step, each a type, each with the Basis it came from.
//   - Method and Info (method.go): parameters are declared once, by struct tags (params.go).
//   - ByHand (force.go): tokens that a person keeps or takes out, above every method.
//
// Methods register themselves; importing winnow/pruning/catalogue brings in all of them.
// Ties go to the lower index everywhere; a NaN score is an error that names layer and probe
// (score.go).
//
// The first method to read is pruning/fastv.
package pruning
