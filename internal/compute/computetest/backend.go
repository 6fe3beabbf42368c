package computetest

import (
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/native"
)

// Open gives a backend, or skips the test where its libraries are not installed.
func Open(t testing.TB, id string) compute.Backend {
	t.Helper()
	if id != "ref" {
		kind, _, _ := strings.Cut(id, ":")
		if _, err := native.Find(kind); err != nil {
			if text := err.Error(); strings.Contains(text, "not installed") || strings.Contains(text, "no native libraries") {
				t.Skip(err) // names the command
			}
			t.Fatal(err)
		}
	}
	be, _, err := device.Open(id, 1) // one thread: on a busy machine several wait for each other at every operation
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	return be
}

// OnEach runs a test on the processor through ggml and in plain Go.
func OnEach(t *testing.T, test func(t *testing.T, be compute.Backend)) {
	for _, id := range []string{"ref", "cpu"} {
		t.Run(id, func(t *testing.T) { test(t, Open(t, id)) })
	}
}
