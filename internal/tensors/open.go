package tensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"winnow/internal/checkpoint"
)

// Source is where tensors come from: a checkpoint.Safetensors, a checkpoint.File (GGUF) whose
// tensors have the same names, or Files.
type Source interface {
	Tensor(name string) (*checkpoint.Tensor, bool)
}

// Files are the opened weights of one network.
type Files struct {
	parts []part
	// where says which file a tensor is taken from; nil: from the first that has it.
	where map[string]part
}

// part is one file.
type part interface {
	Source
	Close() error
}

// stems are the names that transformers and diffusers give to weights.
var stems = []string{"model", "diffusion_pytorch_model"}

// Open maps the weights of a folder on disk; see Folder.Open.
func Open(dir string) (*Files, error) { return Dir(dir).Open() }

// Open opens the weights of a folder that transformers or diffusers wrote: one file, the shards
// of an index, or only the half-precision variant (*.fp16.safetensors). Without any it takes a GGUF
// of the same stem and tensor names, or those that STEM.gguf.index.json lists, a safetensors index
// in all but the files' kind: of each it takes the tensors that are listed for it, so that two
// networks can share a file.
func (f Folder) Open() (*Files, error) {
	names, index, err := f.weightFiles()
	if err != nil {
		return nil, err
	}
	out := &Files{}
	byName := map[string]part{}
	for _, name := range names {
		p, err := f.open(name)
		if err != nil {
			out.Close() // the first error is the one to tell
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		out.parts = append(out.parts, p)
		byName[name] = p
	}
	if index != nil {
		out.where = map[string]part{}
		for tensor, file := range index {
			out.where[tensor] = byName[file]
		}
	}
	return out, nil
}

func (f Folder) open(name string) (part, error) {
	gguf := filepath.Ext(name) == ".gguf"
	if f.disk != "" {
		if gguf {
			return opened(checkpoint.Open(f.Path(name)))
		}
		return opened(checkpoint.OpenSafetensors(f.Path(name)))
	}
	data, err := f.Read(name)
	if err != nil {
		return nil, err
	}
	if gguf {
		return opened(checkpoint.OpenBytes(name, data))
	}
	return opened(checkpoint.OpenSafetensorsBytes(name, data))
}

// opened keeps a nil pointer from becoming a part.
func opened[P part](p P, err error) (part, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// weightFiles lists the files that hold the weights; index says which tensors to take from which of
// them, nil where each has its own.
func (f Folder) weightFiles() (names []string, index map[string]string, err error) {
	for _, variant := range []string{"", ".fp16"} {
		for _, stem := range stems {
			if name := stem + variant + ".safetensors"; f.Has(name) {
				return []string{name}, nil, nil
			}
			if name := stem + ".safetensors.index" + variant + ".json"; f.Has(name) {
				names, _, err := f.shards(name)
				return names, nil, err
			}
		}
	}
	for _, stem := range stems {
		if name := stem + ".gguf.index.json"; f.Has(name) {
			return f.shards(name)
		}
		if name := stem + ".gguf"; f.Has(name) {
			return []string{name}, nil, nil
		}
	}
	return nil, nil, fmt.Errorf("%s has no weights (diffusion_pytorch_model or model, .safetensors or .gguf); choose the folder of one network, with its config.json", f.Name)
}

// shards lists the files of an index, each once, and the index: the file of each tensor.
func (f Folder) shards(index string) (names []string, files map[string]string, err error) {
	data, err := f.Read(index)
	if err != nil {
		return nil, nil, fmt.Errorf("the shard index is missing: %w", err)
	}
	var idx struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &idx); err != nil || len(idx.WeightMap) == 0 {
		return nil, nil, fmt.Errorf("%s has no readable weight_map: it is damaged; download it again", f.Path(index))
	}
	for _, file := range idx.WeightMap {
		if file != filepath.Base(file) || file == ".." || file == "." {
			return nil, nil, fmt.Errorf("%s points to %q, outside its folder: do not trust this checkpoint", f.Path(index), file)
		}
		if !slices.Contains(names, file) {
			names = append(names, file)
		}
	}
	slices.Sort(names)
	return names, idx.WeightMap, nil
}

// Tensor finds a tensor by its exact name.
func (f *Files) Tensor(name string) (*checkpoint.Tensor, bool) {
	if f.where != nil {
		if p := f.where[name]; p != nil {
			return p.Tensor(name)
		}
		return nil, false
	}
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
