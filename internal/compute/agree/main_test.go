package agree

import (
	"os"
	"testing"

	"winnow/internal/compute"
)

// TestMain lets ggml use the first Vulkan device even where it is a processor (Mesa's
// lavapipe), so that the GPU's path is tested on machines without a GPU.
func TestMain(m *testing.M) {
	if os.Getenv("GGML_VK_VISIBLE_DEVICES") == "" {
		os.Setenv("GGML_VK_VISIBLE_DEVICES", "0")
	}
	os.Exit(m.Run())
}

// onEach runs a test on every backend that is compared with ref.
func onEach(t *testing.T, test func(t *testing.T, be compute.Backend)) {
	for _, id := range backends {
		t.Run(id, func(t *testing.T) { test(t, open(t, id)) })
	}
}
