//go:build !linux

package engine

import "runtime"

// peakMemory is what Go took from the system: what the libraries took is not known here.
func peakMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
