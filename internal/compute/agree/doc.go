// Package agree holds tests only: every operation, over odd shapes, must come out alike on
// every backend. ref is the oracle; cpu and vulkan:0 run where their libraries are installed.
//
//	opCase ──build──▶ graph on ref      ──run──▶ want ┐
//	   │  same seed                                   ├─ alike within the case's tolerance?
//	   └────build──▶ graph on cpu, vulkan:0 ─run──▶ got ┘
//
// Tolerances say what a backend may do with numbers: moves are exact; elementwise results
// differ by rounding; a quantised matrix product may round its other side to 8 bits, as ggml
// does, and is judged by normalised mean squared error with ggml's own bound.
//
// A failed assertion of ggml ends the test process; `go test -v` then shows the case as the
// last line. The first run on Mesa's lavapipe compiles its kernels and takes minutes, later
// ones find them in Mesa's cache.
//
// Start reading at lab_test.go, then moves_test.go, math_test.go, attention_test.go.
package agree
