package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

const (
	maxSafeHeader = 100 << 20 // bytes, the limit of the safetensors library itself
	indexName     = "model.safetensors.index.json"
	singleName    = "model.safetensors"
)

// safeTypes maps the names in a safetensors header to this package's types.
var safeTypes = map[string]Type{
	"F32": F32, "F16": F16, "BF16": BF16, "F64": F64,
	"I64": I64, "I32": I32, "I16": I16, "I8": I8, "U8": U8, "BOOL": Bool,
}

// Safetensors is an opened Hugging Face checkpoint: one file, or the shards that an index
// lists. Tensors are views of the mapped files. It is safe for use by several goroutines.
type Safetensors struct {
	Path     string            // the file or folder given
	Metadata map[string]string // __metadata__ of the first file
	// Tensors are in order of name. Dims are in ggml's order, fastest first, as in a GGUF
	// File: a PyTorch shape [out, in] becomes {in, out}; a scalar becomes {1}.
	Tensors []Tensor

	byName  map[string]int
	release []func() error
}

// OpenSafetensors maps a .safetensors file, or a folder with model.safetensors or with
// model.safetensors.index.json and its shards. Headers are checked against the file size
// before anything is allocated; errors name the file and the tensor.
func OpenSafetensors(pathOrDir string) (*Safetensors, error) {
	s := &Safetensors{Path: pathOrDir, byName: map[string]int{}}
	if err := s.open(); err != nil {
		s.Close() // the first error is the one to tell
		return nil, err
	}
	s.sort()
	return s, nil
}

func (s *Safetensors) open() error {
	st, err := os.Stat(s.Path)
	if err != nil {
		return fmt.Errorf("cannot open the model: %w", err)
	}
	if !st.IsDir() {
		return s.addFile(s.Path)
	}
	index := filepath.Join(s.Path, indexName)
	if _, err := os.Stat(index); errors.Is(err, os.ErrNotExist) {
		single := filepath.Join(s.Path, singleName)
		if _, err := os.Stat(single); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s has neither %s nor %s; choose a Hugging Face model folder with safetensors weights", s.Path, singleName, indexName)
		}
		return s.addFile(single)
	}
	return s.addShards(index)
}

// addShards opens every file of the index and checks that the tensors lie where it says.
func (s *Safetensors) addShards(index string) error {
	f, err := os.Open(index)
	if err != nil {
		return fmt.Errorf("cannot read the shard index: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSafeHeader))
	if err != nil {
		return fmt.Errorf("cannot read the shard index: %w", err)
	}
	var idx struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &idx); err != nil || len(idx.WeightMap) == 0 {
		return fmt.Errorf("%s has no readable weight_map: it is damaged; download it again", index)
	}
	var shards []string
	for _, file := range idx.WeightMap {
		if !slices.Contains(shards, file) {
			shards = append(shards, file)
		}
	}
	sort.Strings(shards)
	for _, file := range shards {
		if file == "" || file != filepath.Base(file) || strings.ContainsAny(file, `/\`) {
			return fmt.Errorf("%s points to %q, outside its folder: do not trust this checkpoint", index, file)
		}
		if err := s.addFile(filepath.Join(filepath.Dir(index), file)); err != nil {
			return err
		}
	}
	for name, file := range idx.WeightMap {
		if _, ok := s.byName[name]; !ok {
			return fmt.Errorf("%s says that %s holds tensor %q, but it does not: the shards do not belong together", index, file, name)
		}
	}
	return nil
}

func (s *Safetensors) addFile(path string) error {
	data, release, err := openBytes(path)
	if err != nil {
		return err
	}
	s.release = append(s.release, release)
	return s.addBytes(filepath.Base(path), data)
}

// OpenSafetensorsBytes is OpenSafetensors for one file already in memory; name is for
// messages.
func OpenSafetensorsBytes(name string, data []byte) (*Safetensors, error) {
	s := &Safetensors{Path: name, byName: map[string]int{}}
	if err := s.addBytes(name, data); err != nil {
		return nil, err
	}
	s.sort()
	return s, nil
}

// safeEntry is one tensor of a header.
type safeEntry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets []uint64 `json:"data_offsets"`
}

// addBytes reads one file: | header length 8 | JSON header | data |.
func (s *Safetensors) addBytes(name string, b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("%s has %d bytes, too few for a safetensors header: it was cut short; download it again", name, len(b))
	}
	n := le.Uint64(b)
	if n > maxSafeHeader || n > uint64(len(b)-8) {
		return fmt.Errorf("%s claims a header of %d bytes, the file has %d: it was cut short or is not a safetensors file", name, n, len(b))
	}
	base := 8 + int64(n)
	entries, err := readHeader(b[8:base])
	if err != nil {
		return fmt.Errorf("%s has a header that is not valid JSON (%w): it is damaged; download it again", name, err)
	}
	spans := make([][2]uint64, 0, len(entries))
	for _, e := range entries {
		if e.name == "__metadata__" {
			if s.Metadata == nil {
				json.Unmarshal(e.raw, &s.Metadata) // free text; what is no string map stays unread
			}
			continue
		}
		t, err := e.tensor(b, base)
		if err != nil {
			return fmt.Errorf("%s: tensor %q %w", name, e.name, err)
		}
		if _, dup := s.byName[t.Name]; dup {
			return fmt.Errorf("%s: tensor %q appears twice: the checkpoint is damaged", name, t.Name)
		}
		start := uint64(t.Offset - base)
		spans = append(spans, [2]uint64{start, start + uint64(len(t.Data))})
		s.byName[t.Name] = len(s.Tensors)
		s.Tensors = append(s.Tensors, t)
	}
	slices.SortFunc(spans, func(a, b [2]uint64) int { return slices.Compare(a[:], b[:]) })
	for i := 1; i < len(spans); i++ {
		if spans[i][0] < spans[i-1][1] {
			return fmt.Errorf("%s has tensors that overlap at data byte %d: it is damaged", name, spans[i][0])
		}
	}
	return nil
}

// headerEntry is a name of the header with its value still as text.
type headerEntry struct {
	name string
	raw  json.RawMessage
}

// readHeader lists the header's entries in order, also names given twice, which a Go map
// would hide.
func readHeader(b []byte) ([]headerEntry, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it does not begin with {")
	}
	var entries []headerEntry
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		e := headerEntry{name: t.(string)} // the decoder only gives strings as keys
		if err := d.Decode(&e.raw); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	_, err := d.Token()
	return entries, err
}

// tensor checks one entry; the error continues the words `tensor "name"`.
func (h headerEntry) tensor(b []byte, base int64) (Tensor, error) {
	var e safeEntry
	if err := json.Unmarshal(h.raw, &e); err != nil || len(e.Offsets) != 2 {
		return Tensor{}, errors.New("has no readable dtype, shape and data_offsets: the file is damaged")
	}
	t := Tensor{Name: h.name}
	var ok bool
	if t.Type, ok = safeTypes[e.DType]; !ok {
		return t, fmt.Errorf("has the type %q; F32, F16, BF16, F64, I64, I32, I16, I8, U8 and BOOL can be read", e.DType)
	}
	elements := 1
	for i := len(e.Shape) - 1; i >= 0; i-- {
		d := e.Shape[i]
		if d <= 0 || elements > len(b)/d {
			return t, fmt.Errorf("has the impossible shape %v: the file is damaged", e.Shape)
		}
		elements *= d
		t.Dims = append(t.Dims, d)
	}
	if len(e.Shape) == 0 {
		t.Dims = []int{1}
	}
	start, end := e.Offsets[0], e.Offsets[1]
	if left := uint64(int64(len(b)) - base); start > end || end > left {
		return t, fmt.Errorf("needs data bytes %d to %d, the file has %d: it was cut short; download it again", start, end, left)
	}
	if want := t.Type.RowBytes(elements); uint64(want) != end-start {
		return t, fmt.Errorf("of shape %v and type %s takes %d bytes, but has %d: the file is damaged", e.Shape, e.DType, want, end-start)
	}
	t.Offset = base + int64(start)
	t.Data = b[t.Offset : base+int64(end) : base+int64(end)]
	return t, nil
}

func (s *Safetensors) sort() {
	slices.SortFunc(s.Tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	for i := range s.Tensors {
		s.byName[s.Tensors[i].Name] = i
	}
}

// Tensor finds a tensor by its exact name.
func (s *Safetensors) Tensor(name string) (*Tensor, bool) {
	i, ok := s.byName[name]
	if !ok {
		return nil, false
	}
	return &s.Tensors[i], true
}

// Close releases the maps; all Tensor.Data become invalid. A second call does nothing.
func (s *Safetensors) Close() error {
	for i := range s.Tensors {
		s.Tensors[i].Data = nil
	}
	var errs []error
	for _, r := range s.release {
		errs = append(errs, r())
	}
	s.release = nil
	return errors.Join(errs...)
}
