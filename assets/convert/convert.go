package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winnow/internal/checkpoint"
)

// convert writes the pair into out and returns the two paths. A file that is there already
// is replaced only when the new one is complete.
func convert(dir, out string, t checkpoint.Type) ([]string, error) {
	c, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	src, err := checkpoint.OpenSafetensors(dir)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(abs)
	w := &weights{src: src, kind: t}
	w.findPrefixes()
	decoderKV, err := decoderMetadata(dir, name, c, t)
	if err != nil {
		return nil, err
	}
	decoder, mmproj := decoderTensors(w, c), mmprojTensors(w, c)
	if w.err != nil {
		return nil, w.err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the output folder: %w", err)
	}
	stem := name + "-" + t.String() + ".gguf"
	files := []string{filepath.Join(out, stem), filepath.Join(out, "mmproj-"+stem)}
	if err := writeFile(files[0], decoderKV, decoder); err != nil {
		return nil, err
	}
	return files, writeFile(files[1], mmprojMetadata(name, c, t), mmproj)
}

func writeFile(path string, kv []checkpoint.KV, tensors []checkpoint.WriteTensor) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".convert-*")
	if err != nil {
		return fmt.Errorf("cannot write into the output folder: %w", err)
	}
	defer os.Remove(f.Name()) // does nothing after the rename
	err = checkpoint.Write(f, kv, tensors)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// weights reads the Hugging Face tensors and makes GGUF tensors of them. The first error
// sticks.
type weights struct {
	src  *checkpoint.Safetensors
	kind checkpoint.Type // of matrices

	// Where the parts lie: transformers has moved them twice.
	text, vision, projector, head string
	err                           error
}

func (w *weights) findPrefixes() {
	find := func(probe string, prefixes ...string) string {
		for _, p := range prefixes {
			if _, ok := w.src.Tensor(p + probe); ok {
				return p
			}
		}
		if w.err == nil {
			w.err = fmt.Errorf("%s has no tensor %q: this is not a LLaVA checkpoint as transformers writes it", w.src.Path, prefixes[0]+probe)
		}
		return ""
	}
	w.text = find("embed_tokens.weight", "language_model.model.", "model.language_model.")
	w.vision = find("pre_layrnorm.weight", "vision_tower.vision_model.", "model.vision_tower.vision_model.", "model.vision_tower.")
	w.projector = find("linear_1.weight", "multi_modal_projector.", "model.multi_modal_projector.")
	w.head = "language_model.lm_head.weight"
	if _, ok := w.src.Tensor("lm_head.weight"); ok {
		w.head = "lm_head.weight"
	}
}

// take makes a GGUF tensor of a Hugging Face one, whose shape, slowest dimension first as
// PyTorch prints it, must be as given. change, if any, edits the values.
func (w *weights) take(name, from string, t checkpoint.Type, change func([]float32) []float32, shape ...int) checkpoint.WriteTensor {
	dims := slices.Clone(shape)
	slices.Reverse(dims)
	src, ok := w.src.Tensor(from)
	switch {
	case w.err != nil:
		return checkpoint.WriteTensor{}
	case !ok:
		w.err = fmt.Errorf("the checkpoint has no tensor %q: it is incomplete; download it again", from)
		return checkpoint.WriteTensor{}
	case !slices.Equal(src.Dims, dims):
		w.err = fmt.Errorf("tensor %q has the shape %v (fastest first), config.json asks for %v: they do not belong together", from, src.Dims, dims)
		return checkpoint.WriteTensor{}
	}
	return checkpoint.WriteTensor{Name: name, Type: t, Dims: dims, Load: func() ([]byte, error) {
		values, err := src.Float32()
		if err != nil {
			return nil, err
		}
		if change != nil {
			values = change(values)
		}
		return checkpoint.Quantize(t, values)
	}}
}

// matrix takes a weight of shape [rows, columns] as the type asked for.
func (w *weights) matrix(name, from string, change func([]float32) []float32, rows, columns int) checkpoint.WriteTensor {
	return w.as(w.kind, name, from, change, rows, columns)
}

// words takes a table of the vocabulary, which stays in 8 bits where other matrices have fewer.
func (w *weights) words(name, from string, rows, columns int) checkpoint.WriteTensor {
	t := w.kind
	if t == checkpoint.Q4_0 || t == checkpoint.Q5_0 {
		t = checkpoint.Q8_0
	}
	return w.as(t, name, from, nil, rows, columns)
}

// as takes a matrix in a type, F16 where its rows are no whole blocks.
func (w *weights) as(t checkpoint.Type, name, from string, change func([]float32) []float32, rows, columns int) checkpoint.WriteTensor {
	if columns%t.BlockSize() != 0 {
		t = checkpoint.F16
	}
	return w.take(name, from, t, change, rows, columns)
}

func (w *weights) vector(name, from string, n int) checkpoint.WriteTensor {
	return w.take(name, from, checkpoint.F32, nil, n)
}

// layer fills a block's number into a name.
func layer(pattern string, i int) string { return strings.ReplaceAll(pattern, "#", fmt.Sprint(i)) }

// fileType is general.file_type, llama.cpp's number of what most matrices are stored as.
func fileType(t checkpoint.Type) uint32 {
	return map[checkpoint.Type]uint32{checkpoint.F32: 0, checkpoint.F16: 1, checkpoint.Q4_0: 2, checkpoint.Q8_0: 7, checkpoint.Q5_0: 8}[t]
}
