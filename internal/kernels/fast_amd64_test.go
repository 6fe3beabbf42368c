package kernels

import "testing"

// generic turns the assembly off for a test, and tells whether there was any.
func generic(t *testing.T) bool {
	was := fast
	fast = false
	t.Cleanup(func() { fast = was })
	return was
}
