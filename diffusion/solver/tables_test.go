package solver

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tableConfig reads the config of a table's case: what it leaves out is the class's default.
func tableConfig(t *testing.T, class string, config json.RawMessage) Config {
	t.Helper()
	var k keys
	if err := json.Unmarshal(config, &k); err != nil {
		t.Fatal(err)
	}
	c, err := k.read(class)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tableStart(t *testing.T, class string, config json.RawMessage, n int) *Run {
	t.Helper()
	s, err := New(tableConfig(t, class, config))
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Start(n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGoldenHFBetas(t *testing.T) {
	for _, file := range goldenFiles(t, "tables/betas.json") {
		var table struct {
			Index []int
			Cases []struct {
				Config json.RawMessage
				Betas  []float64 `json:"betas_f64"`
				Alphas []float64 `json:"alphas_cumprod_f64"`
			}
		}
		readGolden(t, file, &table)
		for _, c := range table.Cases {
			trained, err := train(tableConfig(t, DDIM, c.Config), 0)
			if err != nil {
				t.Fatal(err)
			}
			var betas, alphas []float64
			for _, i := range table.Index {
				betas, alphas = append(betas, trained.betas[i]), append(alphas, trained.alpha[i])
			}
			near(t, string(c.Config)+" betas", betas, c.Betas, 1e-12)
			near(t, string(c.Config)+" ᾱ", alphas, c.Alphas, 1e-12)
		}
	}
}

func TestGoldenHFTimesteps(t *testing.T) {
	for _, file := range goldenFiles(t, "tables/timesteps.json") {
		var table struct {
			Cases []struct {
				Scheduler         string
				Config            json.RawMessage
				N                 int
				Timesteps, Sigmas []float64
			}
		}
		readGolden(t, file, &table)
		for _, c := range table.Cases {
			if !slices.Contains(ours, c.Scheduler) {
				continue
			}
			r := tableStart(t, c.Scheduler, c.Config, c.N)
			what := fmt.Sprintf("%s %s, %d steps: ", c.Scheduler, c.Config, c.N)
			near(t, what+"timesteps", r.Timesteps, c.Timesteps, 1e-9)
			if c.Sigmas != nil {
				near(t, what+"sigmas", r.Sigmas, c.Sigmas, 1e-9)
			}
		}
	}
}

func TestGoldenHFAddNoise(t *testing.T) {
	for _, file := range goldenFiles(t, "tables/add_noise.json") {
		var table struct {
			X0, Noise []float64
			Cases     []struct {
				Scheduler string
				Config    json.RawMessage
				Steps     int `json:"num_inference_steps"`
				Step      int
				Noisy     []float64
			}
		}
		readGolden(t, file, &table)
		for _, c := range table.Cases {
			if !slices.Contains(ours, c.Scheduler) {
				continue
			}
			r := tableStart(t, c.Scheduler, c.Config, c.Steps)
			got := r.AddNoise(c.Step, narrow(table.X0), narrow(table.Noise))
			near(t, c.Scheduler+" noisy", wide(got), c.Noisy, 2e-7)
		}
	}
}

func TestGoldenHFMu(t *testing.T) {
	for _, file := range goldenFiles(t, "tables/flux_mu.json") {
		var table struct {
			Cases []struct {
				Tokens     int     `json:"image_seq_len"`
				BaseTokens int     `json:"base_seq_len"`
				MaxTokens  int     `json:"max_seq_len"`
				BaseShift  float64 `json:"base_shift"`
				MaxShift   float64 `json:"max_shift"`
				Mu         float64
			}
		}
		readGolden(t, file, &table)
		for _, c := range table.Cases {
			config := Default(Flow)
			config.BaseTokens, config.MaxTokens, config.BaseShift, config.MaxShift = c.BaseTokens, c.MaxTokens, c.BaseShift, c.MaxShift
			near(t, "mu", []float64{config.Mu(c.Tokens)}, []float64{c.Mu}, 1e-12)
		}
	}
}

// TestConfigFiles reads files as the library writes them, a bare -Infinity included.
func TestConfigFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.json")
	if err != nil || len(files) < 6 {
		t.Fatalf("testdata/config holds %d files (%v)", len(files), err)
	}
	if root := os.Getenv("WINNOW_GOLDEN_HF"); root != "" {
		for _, pattern := range []string{"diffusion/schedulers/config_files/*/*.json", "schedulers/config_files/*/*.json", "diffusion/pipelines/*/scheduler/*.json"} {
			more, _ := filepath.Glob(filepath.Join(root, pattern))
			files = append(files, more...)
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ParseConfig(text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		_, err = New(c)
		if known := slices.Contains(ours, c.Class); known != (err == nil) {
			t.Errorf("%s of %s: %v", file, c.Class, err)
		}
		if err != nil && !strings.Contains(err.Error(), "dpm++2m") {
			t.Errorf("the refusal of %s names no solver to choose: %v", c.Class, err)
		}
		for _, name := range c.Suits() {
			named, err := Named(name, c)
			if err != nil {
				t.Errorf("%s for %s: %v", name, file, err)
				continue
			}
			if _, err := New(named); err != nil {
				t.Errorf("%s for %s: %v", name, file, err)
			}
		}
	}
}
