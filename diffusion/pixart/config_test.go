package pixart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigOfTheCheckpoints(t *testing.T) {
	want := Config{Layers: 2, Heads: 2, HeadDim: 12, Channels: 4, Out: 8, Patch: 2, SampleSize: 8, Caption: 32, Projected: true,
		Conditioned: true, Interpolation: 2, Eps: 1e-6}
	got, err := ReadConfig("testdata/pixart-alpha")
	if err != nil || got != want {
		t.Errorf("alpha: %+v (%v), want %+v", got, err, want)
	}
	want.Conditioned, want.Interpolation = false, 1
	got, err = ReadConfig("testdata/pixart-sigma")
	if err != nil || got != want {
		t.Errorf("sigma: %+v (%v), want %+v", got, err, want)
	}
}

// TestConfigDefaults: keys that are missing or null are diffusers' defaults.
func TestConfigDefaults(t *testing.T) {
	want := Config{Layers: 28, Heads: 16, HeadDim: 72, Channels: 4, Out: 4, Patch: 2, SampleSize: 128, Caption: 4096, Projected: true,
		Conditioned: true, Interpolation: 2, Eps: 1e-6}
	got, err := read(t, `{"caption_channels": 4096, "out_channels": null, "interpolation_scale": null}`)
	if err != nil || got != want {
		t.Errorf("%+v (%v), want %+v", got, err, want)
	}
	if got, err = read(t, `{}`); err != nil || got.Projected || got.Caption != 1152 || got.Out != 8 {
		t.Errorf("without a caption projection: %+v (%v)", got, err)
	}
}

func TestConfigThatCannotBe(t *testing.T) {
	for text, says := range map[string]string{
		`{`:                                                 "not a readable configuration",
		`{"_class_name": "DiT"}`:                            "not a PixArtTransformer2DModel",
		`{"activation_fn": "geglu"}`:                        "activation_fn",
		`{"norm_type": "ada_norm_zero"}`:                    "norm_type",
		`{"norm_elementwise_affine": true}`:                 "norm_elementwise_affine",
		`{"cross_attention_dim": null}`:                     "cross_attention_dim",
		`{"num_layers": 0}`:                                 "num_layers = 0",
		`{"num_attention_heads": 100000}`:                   "num_attention_heads",
		`{"attention_head_dim": 71}`:                        "a third",
		`{"sample_size": 1}`:                                "sample_size",
		`{"interpolation_scale": -1}`:                       "interpolation_scale",
		`{"caption_channels": 8, "cross_attention_dim": 8}`: "projected to 1152",
	} {
		if _, err := read(t, text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

func read(t *testing.T, text string) (Config, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return ReadConfig(dir)
}
