//go:build !unix

package engine

import "os"

// ClaimStdout returns stdout, and points Go's own prints to stderr. What a C library prints still
// arrives there, on lines of its own, which the parent passes over.
func ClaimStdout() *os.File {
	out := os.Stdout
	os.Stdout = os.Stderr
	return out
}
