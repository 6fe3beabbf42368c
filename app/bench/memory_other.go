//go:build !linux

package bench

// peakMemory is 0 where the system does not tell a process its own peak.
func peakMemory() int64 { return 0 }
