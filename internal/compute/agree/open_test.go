package agree

import (
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/native"
)

// open gives a backend, or skips the test where its libraries are not installed.
func open(t *testing.T, id string) compute.Backend {
	t.Helper()
	kind, _, _ := strings.Cut(id, ":")
	if _, err := native.Find(kind); err != nil {
		// Damaged libraries are a failure; absent ones, or a kind that this system has not, are not.
		if text := err.Error(); strings.Contains(text, "not installed") || strings.Contains(text, "no native libraries") {
			t.Skip(err) // names the command
		}
		t.Fatal(err)
	}
	be, notice, err := device.Open(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if notice != "" {
		t.Log(notice)
	}
	t.Cleanup(func() { be.Close() })
	return be
}
