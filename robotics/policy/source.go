package policy

import (
	"fmt"
	"math"
	"strings"

	"winnow/internal/checkpoint"
	"winnow/internal/tensors"
	"winnow/robotics/policy/torchfile"
)

// source joins the shards of a checkpoint with the .pt files of its parts, which come first, and
// merges LoRA where a part has it.
type source struct {
	main  tensors.Source
	parts []part
	// adapter scales what LoRA adds.
	adapter adapter
	// err is the first mistake made in reading, told after the loader's.
	err error
	// merged keeps what the last question gave: who asks for a tensor asks again.
	merged map[string]*checkpoint.Tensor
}

// part is a .pt file: its tensors by the names that a policy asks for.
type part struct {
	file *torchfile.File
	keys map[string]string
}

// wrappers are what training puts before names: distributed data parallel, PEFT.
var wrappers = []string{"module.", "base_model.model."}

// newPart gives a file's tensors the names of a policy, with prefix before them.
func newPart(f *torchfile.File, prefix string) part {
	p := part{f, map[string]string{}}
	for _, name := range f.Names {
		bare := strings.TrimPrefix(strings.TrimPrefix(name, wrappers[0]), wrappers[1])
		p.keys[prefix+bare] = name
	}
	return p
}

// adapter is what lora_adapter/adapter_config.json says. Without it the recipe's rule holds: alpha
// is the rank, but at most 16.
type adapter struct {
	Rank   int     `json:"r"`
	Alpha  float64 `json:"lora_alpha"`
	RSLoRA bool    `json:"use_rslora"`
	DoRA   bool    `json:"use_dora"`
}

func (a adapter) scale(rank int) (float64, error) {
	switch {
	case a.DoRA:
		return 0, fmt.Errorf("the adapter is DoRA, which winnow does not merge: merge it in PyTorch first")
	case a.Rank == 0:
		return float64(min(rank, 16)) / float64(rank), nil
	case a.Rank != rank:
		return 0, fmt.Errorf("adapter_config.json says rank %d, its tensors have %d: they do not belong together", a.Rank, rank)
	case a.RSLoRA:
		return a.Alpha / math.Sqrt(float64(rank)), nil
	}
	return a.Alpha / float64(rank), nil
}

// Tensor finds a tensor in the parts, then in the shards.
func (s *source) Tensor(name string) (*checkpoint.Tensor, bool) {
	if t, ok := s.merged[name]; ok {
		return t, true
	}
	for _, p := range s.parts {
		t, err := s.of(p, name)
		if err != nil {
			if s.err == nil {
				s.err = err
			}
			return nil, false
		}
		if t != nil {
			s.merged = map[string]*checkpoint.Tensor{name: t}
			return t, true
		}
	}
	return s.main.Tensor(name)
}

// of reads a part's tensor, merged with its adapter; nil where there is none.
func (s *source) of(p part, name string) (*checkpoint.Tensor, error) {
	if key, ok := p.keys[name]; ok {
		return p.file.Read(key)
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return nil, nil
	}
	stem, last := name[:dot], name[dot:]
	key, ok := p.keys[stem+".base_layer"+last]
	if !ok {
		return nil, nil
	}
	base, err := p.file.Read(key)
	if err != nil || last != ".weight" {
		return base, err
	}
	down, err := p.read(stem + ".lora_A.")
	if err != nil || down == nil {
		return base, err
	}
	up, err := p.read(stem + ".lora_B.")
	if err != nil {
		return nil, err
	}
	t, err := s.adapter.merge(base, down, up)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// read reads the weight of an adapter, whatever it is called ("default").
func (p part) read(prefix string) (*checkpoint.Tensor, error) {
	if key, ok := p.keys[prefix+"default.weight"]; ok {
		return p.file.Read(key)
	}
	for name, key := range p.keys {
		if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, ".weight") {
			return p.file.Read(key)
		}
	}
	return nil, nil
}

// merge is base + scale·up·down, in the base's type: base [out, in], down [r, in], up [out, r].
func (a adapter) merge(base, down, up *checkpoint.Tensor) (*checkpoint.Tensor, error) {
	if up == nil || len(base.Dims) != 2 || len(down.Dims) != 2 || len(up.Dims) != 2 || up.Dims[0] != down.Dims[1] ||
		down.Dims[0] != base.Dims[0] || up.Dims[1] != base.Dims[1] {
		return nil, fmt.Errorf("its LoRA factors do not fit its weight: the checkpoint is damaged")
	}
	in, out, rank := base.Dims[0], base.Dims[1], up.Dims[0]
	scale, err := a.scale(rank)
	if err != nil {
		return nil, err
	}
	var v [3][]float32
	for i, t := range []*checkpoint.Tensor{base, down, up} {
		if v[i], err = t.Float32(); err != nil {
			return nil, err
		}
	}
	row := make([]float64, in)
	for o := range out {
		clear(row)
		for r := range rank {
			f := scale * float64(v[2][o*rank+r])
			for i, d := range v[1][r*in : (r+1)*in] {
				row[i] += f * float64(d)
			}
		}
		for i, d := range row {
			v[0][o*in+i] = float32(float64(v[0][o*in+i]) + d)
		}
	}
	data, err := checkpoint.Quantize(base.Type, v[0])
	if err != nil {
		return nil, err
	}
	return &checkpoint.Tensor{Name: base.Name, Type: base.Type, Dims: base.Dims, Data: data}, nil
}
