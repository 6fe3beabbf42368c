package tensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"winnow/internal/checkpoint"
)

// Source is where tensors come from: a checkpoint.Safetensors, a checkpoint.File (GGUF) whose
// tensors have the same names, or Files.
type Source interface {
	Tensor(name string) (*checkpoint.Tensor, bool)
}

// Files are the opened safetensors of one network.
type Files struct {
	// Dir is the folder.
	Dir   string
	parts []*checkpoint.Safetensors
}

// stems are the names that transformers and diffusers give to weights.
var stems = []string{"model", "diffusion_pytorch_model"}

// Open maps the weights of a folder that transformers or diffusers wrote: one file, the shards
// of an index, or only the half-precision variant (*.fp16.safetensors).
func Open(dir string) (*Files, error) {
	f := &Files{Dir: dir}
	names, err := weightFiles(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		st, err := checkpoint.OpenSafetensors(filepath.Join(dir, name))
		if err != nil {
			f.Close() // the first error is the one to tell
			return nil, err
		}
		f.parts = append(f.parts, st)
	}
	return f, nil
}

func weightFiles(dir string) ([]string, error) {
	there := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	for _, variant := range []string{"", ".fp16"} {
		for _, stem := range stems {
			if name := stem + variant + ".safetensors"; there(name) {
				return []string{name}, nil
			}
			if name := stem + ".safetensors.index" + variant + ".json"; there(name) {
				return shards(filepath.Join(dir, name))
			}
		}
	}
	return nil, fmt.Errorf("%s has no weights (diffusion_pytorch_model.safetensors or model.safetensors); choose the folder of one network, with its config.json", dir)
}

// shards lists the files of an index, each once.
func shards(index string) ([]string, error) {
	data, err := os.ReadFile(index)
	if err != nil {
		return nil, fmt.Errorf("cannot read the shard index: %w", err)
	}
	var idx struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &idx); err != nil || len(idx.WeightMap) == 0 {
		return nil, fmt.Errorf("%s has no readable weight_map: it is damaged; download it again", index)
	}
	var names []string
	for _, file := range idx.WeightMap {
		if file != filepath.Base(file) || file == ".." || file == "." {
			return nil, fmt.Errorf("%s points to %q, outside its folder: do not trust this checkpoint", index, file)
		}
		if !slices.Contains(names, file) {
			names = append(names, file)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Tensor finds a tensor by its exact name.
func (f *Files) Tensor(name string) (*checkpoint.Tensor, bool) {
	for _, p := range f.parts {
		if t, ok := p.Tensor(name); ok {
			return t, true
		}
	}
	return nil, false
}

// Close releases the maps; the network must have been closed before.
func (f *Files) Close() error {
	var errs []error
	for _, p := range f.parts {
		errs = append(errs, p.Close())
	}
	f.parts = nil
	return errors.Join(errs...)
}

// ReadConfig fills v from the config.json of a folder.
func ReadConfig(dir string, v any) error {
	path := filepath.Join(dir, "config.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the network's configuration: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s is not a readable configuration: %w", path, err)
	}
	return nil
}
