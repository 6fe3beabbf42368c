package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
)

// TestDamagedCheckpointsAreNamed: what is cut, missing or of another kind, in a sentence that names it.
func TestDamagedCheckpointsAreNamed(t *testing.T) {
	be := computetest.Open(t, "ref")
	cut := func(file string, to float64) func(dir string) error {
		return func(dir string) error {
			path := filepath.Join(dir, file)
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, data[:int(to*float64(len(data)))], 0o644)
		}
	}
	remove := func(file string) func(dir string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, file)) }
	}
	write := func(file, text string) func(dir string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644) }
	}
	replace := func(file, old, new string) func(dir string) error {
		return func(dir string) error {
			data, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, file), []byte(strings.Replace(string(data), old, new, 1)), 0o644)
		}
	}
	for _, c := range []struct {
		change func(dir string) error
		says   string
	}{
		{cut("vision_backbone--7_checkpoint.pt", 0.9), "vision_backbone--7_checkpoint.pt is no PyTorch checkpoint or was cut short"},
		{cut("action_head--7_checkpoint.pt", 0.5), "action_head--7_checkpoint.pt is no PyTorch checkpoint or was cut short"},
		{cut("model-00002-of-00002.safetensors", 0.8), "was cut short"},
		{remove("model-00001-of-00002.safetensors"), "model-00001-of-00002.safetensors"},
		{remove("action_head--7_checkpoint.pt"), "has no L1 action head"},
		{remove("vision_backbone--7_checkpoint.pt"), "has no vision encoder"},
		{remove("config.json"), "config.json"},
		{remove("model.safetensors.index.json"), "merge it first"},
		{write("config.json", "{"), "not a readable configuration"},
		{write("action_head--8_checkpoint.pt", ""), "has 2 files of one part"},
		{write("noisy_action_projector--7_checkpoint.pt", ""), "belongs to a diffusion head"},
		{write("dataset_statistics.json", "[]"), "no readable statistics"},
		{write("dataset_statistics.json", "{}"), "statistics of no data set"},
		{write("lora_adapter/adapter_config.json", `{"r": 4, "lora_alpha": 1}`), "says rank 4, its tensors have 2"},
		{write("lora_adapter/adapter_config.json", `{"r": 2, "lora_alpha": 1, "use_dora": true}`), "is DoRA"},
		{write("lora_adapter/adapter_config.json", `{"r": 0}`), "does not tell how to merge"},
		{replace("config.json", `"use_lfp": true`, `"use_lfp": false`), "use_lfp = false, but the checkpoint has routers in 2 layers"},
		{replace("config.json", `"use_aggr": true`, `"use_aggr": false`), "use_aggr = false, its vision encoders say otherwise"},
		{replace("config.json", `"use_film": true`, `"use_film": false`), "use_film = false, its vision encoders say otherwise"},
		{replace("config.json", `"num_vision_aggr": 3`, `"num_vision_aggr": 4`), "num_vision_aggr = 4, the checkpoint has 3"},
		{replace("config.json", `"chunk": 2`, `"chunk": 0`), "put winnow_policy"},
		{replace("config.json", `"num_heads": 2`, `"num_heads": 3`), "cannot have 3 heads"},
		{replace("config.json", `"intermediate_size": 20`, `"intermediate_size": 21`), "its configuration says"},
		{replace("config.json", `"use_fused_vision_backbone": true`, `"use_fused_vision_backbone": false`), "one vision encoder"},
	} {
		dir := copied(t, "cogvla")
		if err := c.change(dir); err != nil {
			t.Fatal(err)
		}
		p, err := Open(dir, be, tensors.Exact)
		if err == nil {
			p.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v, want %q", err, c.says)
		}
		if be.MemoryUsed() != 0 {
			t.Fatalf("after %q %d bytes stay", c.says, be.MemoryUsed())
		}
	}
}

// TestWrongStatisticsAreNamed: a file of another robot or a damaged one stops the run.
func TestWrongStatisticsAreNamed(t *testing.T) {
	p, o := opened(t, "cogvla", computetest.Open(t, "ref"))
	look := o.observation(p.Config.Vision[0].Side())
	good := p.Statistics["toy"]
	for says, change := range map[string]func(s *Statistics){
		"action.q01 has 7 numbers, the policy takes 3":    func(s *Statistics) { s.Action.Q01 = make([]float64, 7) },
		"action.q99 has 0 numbers":                        func(s *Statistics) { s.Action.Q99 = nil },
		"action.mask has 2 entries":                       func(s *Statistics) { s.Action.Mask = make([]bool, 2) },
		"proprio.q01 has 0 numbers, the policy takes 4":   func(s *Statistics) { s.Proprio = Range{} },
		"action.q01[1] is 2 and q99 1, which is no range": func(s *Statistics) { s.Action.Q01 = []float64{-1, 2, 0} },
	} {
		s := good
		change(&s)
		p.Statistics = map[string]Statistics{"toy": s}
		if _, err := p.Run(t.Context(), look, Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	p.Statistics = nil
	if _, err := p.Run(t.Context(), look, Options{}); err == nil || !strings.Contains(err.Error(), "put dataset_statistics.json") {
		t.Errorf("error %v", err)
	}
	p.Statistics = map[string]Statistics{"toy": good, "other": good}
	if _, err := p.Run(t.Context(), look, Options{}); err == nil || !strings.Contains(err.Error(), "choose from other, toy") {
		t.Errorf("error %v", err)
	}
	p.Config.MinMax = true
	look.DataSet = "toy"
	if _, err := p.Run(t.Context(), look, Options{}); err == nil || !strings.Contains(err.Error(), "proprio.min has 0 numbers") {
		t.Errorf("error %v", err)
	}
}

// TestTheAdaptersScaleCounts: another lora_alpha gives other actions; without a configuration the
// recipe's rule holds, which for rank 2 is a scale of 1.
func TestTheAdaptersScaleCounts(t *testing.T) {
	be := computetest.Open(t, "ref")
	run := func(config string) []float64 {
		dir := copied(t, "cogvla")
		path := filepath.Join(dir, "lora_adapter", "adapter_config.json")
		err := os.Remove(path)
		if config != "" {
			err = os.WriteFile(path, []byte(config), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		p, err := Open(dir, be, tensors.Exact)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		_, o := opened(t, "cogvla", be)
		return flat(act(t, p, o.observation(p.Config.Vision[0].Side()), Options{}).Normalised)
	}
	half, whole, rule := run(`{"r": 2, "lora_alpha": 1}`), run(`{"r": 2, "lora_alpha": 2}`), run("")
	if computetest.Apart(half, whole) < 1e-3 {
		t.Error("twice the adapter changes nothing")
	}
	if computetest.Apart(rule, whole) != 0 {
		t.Error("without its configuration the adapter is not merged by the recipe's rule")
	}
	root := run(`{"r": 2, "lora_alpha": 1.4142135623730951, "use_rslora": true}`)
	if computetest.Apart(root, whole) > 1e-5 {
		t.Error("rank-stabilised LoRA is not scaled by the root of the rank")
	}
}
