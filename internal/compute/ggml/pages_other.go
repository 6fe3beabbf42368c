//go:build !linux

package ggml

// largePages: other systems choose page sizes by themselves.
func largePages(base, size uintptr) {}
