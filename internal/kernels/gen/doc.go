// Command gen writes the assembly of winnow/internal/kernels with avo.
//
// It is a module of its own, so that avo is needed only by who changes a kernel:
//
//	go generate ./internal/kernels
//
// Each function of rows.go and vectors.go writes one kernel. A kernel works on whole vectors
// of eight numbers; what remains is left to the Go function in front of it.
package main
