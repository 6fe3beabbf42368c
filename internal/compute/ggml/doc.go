// Package ggml computes graphs with the ggml libraries, loaded at run time without cgo.
//
// Load opens libggml-base and libggml (bind.go lists every function used) and lets ggml pick
// the variant of its CPU library that fits the processor. Open makes a compute.Backend for one
// device. A graph is lowered node by node (lower.go), allocated once, and run many times
// (program.go).
//
// Three facts shape the code. A failed assertion inside ggml ends the process, so shapes are
// checked in compute before anything reaches it. A Go callback is slow (5 to 10 µs when ggml
// has a core for each thread, far more when it has not), so a run is cancelled through a C
// function that reads a flag (abort.go), and only HostOps call back (host.go). Matrices may be
// repacked for the processor's matrix units (weights.go), as llama.cpp does; everything else is
// used in place from the mapped file.
package ggml
