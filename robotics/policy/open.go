package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winnow/internal/checkpoint/tokenizer"
	"winnow/internal/compute"
	"winnow/internal/tensors"
	"winnow/robotics/policy/torchfile"
)

// parts are the files that training writes beside the shards, NAME--N_checkpoint.pt, and what stands
// before their tensors' names in a policy. The diffusion head's is refused.
var parts = []struct{ name, prefix string }{
	{"vision_backbone", ""}, {"action_head", "action_head."}, {"proprio_projector", "proprio_projector."}, {"non_lora_trainables", ""},
}

// Open reads a folder as vla-scripts/finetune.py leaves it: merged shards (model.safetensors or with
// an index), config.json, the .pt files of the parts, lora_adapter/adapter_config.json and
// dataset_statistics.json. A folder with all tensors in its shards, by the names of Config.Layout,
// is read too; OpenVLA's has its statistics in config.json.
func Open(dir string, backend compute.Backend, storage tensors.Storage) (*Policy, error) {
	return openFolder(tensors.Dir(dir), dir, backend, storage)
}

// OpenFS is Open of a folder that a program carries, all tensors in its shards; name is what errors
// call it.
func OpenFS(files fs.FS, name string, backend compute.Backend, storage tensors.Storage) (*Policy, error) {
	return openFolder(tensors.In(files, name), "", backend, storage)
}

// openFolder opens a folder; disk is where it lies, "" where that is within the program.
func openFolder(folder tensors.Folder, disk string, backend compute.Backend, storage tensors.Storage) (*Policy, error) {
	f := newConfigFile()
	if err := folder.Config(&f); err != nil {
		return nil, err
	}
	s := &source{}
	close := func() {
		for _, p := range s.parts {
			p.file.Close()
		}
		if files, ok := s.main.(*tensors.Files); ok {
			files.Close()
		}
	}
	p, err := open(folder, disk, f, s, backend, storage)
	if err != nil {
		close()
		return nil, err
	}
	p.release = close
	return p, nil
}

func open(folder tensors.Folder, disk string, f configFile, s *source, backend compute.Backend, storage tensors.Storage) (*Policy, error) {
	files, err := folder.Open()
	if err != nil {
		if folder.Has("lora_adapter") {
			return nil, fmt.Errorf("%w; this one has a LoRA adapter beside no model: merge it first, with vla-scripts/merge_lora_weights_and_save.py", err)
		}
		return nil, err
	}
	s.main = files
	if disk != "" {
		if err := s.open(disk); err != nil {
			return nil, err
		}
	}
	stats, err := statistics(folder, f)
	if err != nil {
		return nil, err
	}
	if f.Policy.Action == 0 {
		f.Policy.Action = width(stats)
	}
	c, err := f.detect(s)
	if s.err != nil { // what could not be read is not missing
		err = s.err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder.Name, err)
	}
	p, err := New(c, s, backend, storage)
	if s.err != nil {
		if err == nil {
			p.Close()
		}
		err = s.err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder.Name, err)
	}
	p.Statistics = stats
	if folder.Has("tokenizer.json") {
		if p.Tokenizer, err = tokenizer.FromHFFS(folder.FS, folder.Name); err != nil {
			p.Close()
			return nil, err
		}
	}
	return p, nil
}

// open finds the .pt files and the adapter's configuration.
func (s *source) open(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cannot list the checkpoint: %w", err)
	}
	for _, kind := range parts {
		var found []string
		for _, e := range entries {
			name := e.Name()
			if strings.HasSuffix(name, "checkpoint.pt") && strings.HasPrefix(name, kind.name+"--") {
				found = append(found, name)
			}
			if strings.HasPrefix(name, "noisy_action_projector--") {
				return fmt.Errorf("%s belongs to a diffusion head; winnow runs policies with an L1 head", filepath.Join(dir, name))
			}
		}
		if len(found) > 1 {
			return fmt.Errorf("%s has %d files of one part, %s: leave that of the step you want", dir, len(found), strings.Join(found, " and "))
		}
		for _, name := range found {
			f, err := torchfile.Open(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			s.parts = append(s.parts, newPart(f, kind.prefix))
		}
	}
	path := filepath.Join(dir, "lora_adapter", "adapter_config.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s.adapter)
	}
	if err == nil && (s.adapter.Rank < 1 || !(s.adapter.Alpha > 0)) {
		err = fmt.Errorf("r is %d and lora_alpha %v", s.adapter.Rank, s.adapter.Alpha)
	}
	if err != nil {
		return fmt.Errorf("%s does not tell how to merge the adapter: %w", path, err)
	}
	return nil
}

// statistics are those of dataset_statistics.json, or those in config.json of a released model.
func statistics(folder tensors.Folder, f configFile) (map[string]Statistics, error) {
	const name = "dataset_statistics.json"
	switch {
	case folder.Has(name):
		data, err := folder.Read(name)
		if err != nil {
			return nil, err
		}
		return ReadStatistics(folder.Path(name), data)
	case len(f.Statistics) == 0 || slices.Equal(f.Statistics, []byte("null")):
		return nil, nil // told when actions are asked for
	}
	return ReadStatistics(folder.Path("config.json")+" (norm_stats)", f.Statistics)
}
