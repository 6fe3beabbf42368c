package checkpoint

import (
	"path/filepath"
)

// File is an opened GGUF file: metadata copied out, tensors as views of the mapped bytes.
// It is safe for use by several goroutines until Close.
type File struct {
	Path string // as given to Open
	Arch string // general.architecture, "" if the file has none
	// KV holds each metadata value in Go's type for it: uint8…uint64, int8…int64, float32,
	// float64, bool, string, or a slice of one of these. Read it with Uint, String, ….
	KV      map[string]any
	Keys    []string // of KV, in file order
	Tensors []Tensor // in file order

	byName  map[string]int
	release func() error
}

// Tensor is one named array of a checkpoint.
type Tensor struct {
	Name string
	Type Type
	// Dims has 1 to 4 entries in ggml's order, the fastest moving first: a PyTorch weight
	// of shape [out, in] has Dims {in, out}.
	Dims []int
	// Data is a read-only view of the mapped file, in little-endian order; it may not be
	// used after File.Close.
	Data   []byte
	Offset int64 // of Data in the file, bytes
}

// Elements returns the number of values.
func (t *Tensor) Elements() int {
	n := 1
	for _, d := range t.Dims {
		n *= d
	}
	return n
}

// Float32 returns the values as float32, converted or dequantised into new memory.
func (t *Tensor) Float32() ([]float32, error) {
	dst := make([]float32, t.Elements())
	if err := Dequantize(dst, t.Type, t.Data); err != nil {
		return nil, err
	}
	return dst, nil
}

// Open maps the GGUF file (version 2 or 3, little-endian) at path and checks all of its
// structure. Every error is a sentence that names the file and the field.
func Open(path string) (*File, error) {
	data, release, err := openBytes(path)
	if err != nil {
		return nil, err
	}
	f, err := OpenBytes(path, data)
	if err != nil {
		release() // the parse error is the one to tell
		return nil, err
	}
	f.release = release
	return f, nil
}

// OpenBytes is Open for a file already in memory, such as an embedded one. The tensors are
// views of data, which must not change while the File is used. The name is for messages.
func OpenBytes(name string, data []byte) (*File, error) {
	f := &File{Path: name, KV: map[string]any{}, byName: map[string]int{}}
	p := parser{file: filepath.Base(name), b: data}
	if err := p.parse(f); err != nil {
		return nil, err
	}
	f.Arch = f.String("general.architecture", "")
	return f, nil
}

// Close releases the map; all Tensor.Data become invalid. A second call does nothing.
func (f *File) Close() error {
	if f.release == nil {
		return nil
	}
	release := f.release
	f.release = nil
	for i := range f.Tensors {
		f.Tensors[i].Data = nil // a late reader gets a Go error, not a fault
	}
	return release()
}

// Tensor finds a tensor by its exact name.
func (f *File) Tensor(name string) (*Tensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return nil, false
	}
	return &f.Tensors[i], true
}
