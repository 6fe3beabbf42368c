package cliptext

import (
	"math"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/native"
)

// open gives a backend, or skips the test where its libraries are not installed.
func open(t *testing.T, id string) compute.Backend {
	t.Helper()
	if id != "ref" {
		if _, err := native.Find(id); err != nil {
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

// onEach runs a test on the processor through ggml and in plain Go.
func onEach(t *testing.T, test func(t *testing.T, be compute.Backend)) {
	for _, id := range []string{"ref", "cpu"} {
		t.Run(id, func(t *testing.T) { test(t, open(t, id)) })
	}
}

// worst is the largest difference in units of want's root mean square.
func worst(got, want []float32) float64 {
	var top, sum float64
	for i, w := range want {
		d := math.Abs(float64(got[i] - w))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		top = max(top, d)
		sum += float64(w) * float64(w)
	}
	return top / math.Sqrt(sum/float64(len(want)))
}
