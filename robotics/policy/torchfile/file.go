package torchfile

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winnow/internal/checkpoint"
)

// maxPickle bounds the description of the tensors: a few hundred bytes each.
const maxPickle = 64 << 20

// File is an opened checkpoint. It is safe for use by several goroutines.
type File struct {
	// Path is the file's; errors use its last part.
	Path string
	// Names of the tensors, in the order they were saved.
	Names []string

	tensors  map[string]*tensor
	storages map[string]*zip.File
	close    func() error
}

// Open reads what tensors a file holds; their numbers are read by Read.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the checkpoint: %w", err)
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: cannot read its size: %w", path, err)
	}
	out, err := OpenReader(path, f, st.Size())
	if err != nil {
		f.Close()
		return nil, err
	}
	out.close = f.Close
	return out, nil
}

// OpenReader is Open for a file anywhere; path is for messages.
func OpenReader(path string, r io.ReaderAt, size int64) (*File, error) {
	f := &File{Path: path, storages: map[string]*zip.File{}, close: func() error { return nil }}
	if err := f.open(r, size); err != nil {
		return nil, fmt.Errorf("%s %w", filepath.Base(path), err)
	}
	return f, nil
}

// open's errors continue the file's name.
func (f *File) open(r io.ReaderAt, size int64) error {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		var head [2]byte
		if n, _ := r.ReadAt(head[:], 0); n == 2 && head[0] == 0x80 && head[1] < 6 {
			return errors.New("was saved in PyTorch's old format, before 1.6: load it there and save it again")
		}
		return fmt.Errorf("is no PyTorch checkpoint or was cut short (%w): copy or download it again", err)
	}
	root := ""
	for _, e := range archive.File {
		if folder, ok := strings.CutSuffix(e.Name, "/data.pkl"); ok && !strings.Contains(folder, "/") {
			root = folder + "/"
		}
	}
	if root == "" {
		return errors.New("holds no data.pkl: it is a ZIP archive, but no PyTorch checkpoint")
	}
	var pickle []byte
	for _, e := range archive.File {
		name, ok := strings.CutPrefix(e.Name, root)
		key, storage := strings.CutPrefix(name, "data/")
		if !ok || !storage && name != "data.pkl" && name != "byteorder" {
			continue
		}
		if e.Method != zip.Store || e.UncompressedSize64 != e.CompressedSize64 || e.CompressedSize64 > uint64(size) {
			return fmt.Errorf("has the entry %s packed or larger than the file, which torch.save never writes: it is damaged", e.Name)
		}
		if storage {
			f.storages[key] = e
			continue
		}
		if e.UncompressedSize64 > maxPickle {
			return fmt.Errorf("describes its tensors in %d bytes, more than %d: it is no state of a network", e.UncompressedSize64, maxPickle)
		}
		data, err := content(e)
		if err != nil {
			return err
		}
		if name == "data.pkl" {
			pickle = data
		} else if order := strings.TrimSpace(string(data)); order != "little" {
			return fmt.Errorf("was saved on a %s-endian machine, which winnow does not read", order)
		}
	}
	top, err := unpickle(pickle)
	if err != nil {
		return err
	}
	return f.collect(top)
}

// collect takes the tensors out of the saved dictionary.
func (f *File) collect(top any) error {
	d, ok := top.(*dict)
	if !ok {
		return fmt.Errorf("holds %s where a dictionary of tensors is expected: save the network's state_dict()", kind(top))
	}
	f.tensors = map[string]*tensor{}
	for i, key := range d.keys {
		name, ok := key.(string)
		t, is := d.values[i].(*tensor)
		if !ok || !is {
			continue // numbers and words beside the tensors
		}
		if _, twice := f.tensors[name]; !twice {
			f.Names = append(f.Names, name)
		}
		f.tensors[name] = t
	}
	if len(f.Names) == 0 {
		return errors.New("holds a dictionary without tensors: save the network's state_dict()")
	}
	for _, name := range f.Names {
		if err := f.fits(f.tensors[name]); err != nil {
			return fmt.Errorf("holds a tensor %q %w", name, err)
		}
	}
	return nil
}

// Has reports whether a tensor is there.
func (f *File) Has(name string) bool { return f.tensors[name] != nil }

// Read reads a tensor's numbers.
func (f *File) Read(name string) (*checkpoint.Tensor, error) {
	t := f.tensors[name]
	if t == nil {
		return nil, fmt.Errorf("%s has no tensor %q", filepath.Base(f.Path), name)
	}
	data, err := content(f.storages[t.storage.key])
	if err != nil {
		return nil, fmt.Errorf("%s: tensor %q: the file %w", filepath.Base(f.Path), name, err)
	}
	out := &checkpoint.Tensor{Name: name, Type: t.storage.typ, Data: t.gather(data), Dims: slices.Clone(t.shape)}
	slices.Reverse(out.Dims)
	if len(out.Dims) == 0 {
		out.Dims = []int{1}
	}
	return out, nil
}

// Close closes the file; what was read stays.
func (f *File) Close() error { return f.close() }

// content reads a stored entry and checks its sum. The size was compared with the file's.
func content(e *zip.File) ([]byte, error) {
	r, err := e.Open()
	if err != nil {
		return nil, fmt.Errorf("is damaged at %s (%w): copy or download it again", e.Name, err)
	}
	defer r.Close()
	data := make([]byte, e.UncompressedSize64)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, fmt.Errorf("is damaged at %s (%w): copy or download it again", e.Name, err)
	}
	// The sum is compared when the end is reached.
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, fmt.Errorf("is damaged at %s (%v): copy or download it again", e.Name, err)
	}
	return data, nil
}
