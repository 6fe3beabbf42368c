package tensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Folder holds the files of a network, or folders of several: on disk, or within a program. A
// part of it that is not there is told by the first read.
type Folder struct {
	// FS has the files; Name is what errors call the folder.
	FS   fs.FS
	Name string
	// disk is where it lies; "" where FS is all there is. There weights are mapped, else read.
	disk string
}

// Dir is a folder on disk.
func Dir(path string) Folder { return Folder{os.DirFS(path), path, path} }

// In is a folder that a program carries, such as an embed.FS.
func In(fsys fs.FS, name string) Folder { return Folder{fsys, name, ""} }

// Sub is a folder within.
func (f Folder) Sub(name string) Folder {
	if f.disk != "" {
		return Dir(filepath.Join(f.disk, name))
	}
	sub, err := fs.Sub(f.FS, name)
	if err != nil { // no valid name: nothing is there
		sub = f.FS
	}
	return In(sub, path.Join(f.Name, name))
}

// Path is what errors call a file of the folder.
func (f Folder) Path(file string) string {
	if f.disk != "" {
		return filepath.Join(f.disk, file)
	}
	return path.Join(f.Name, file)
}

// Read reads a file.
func (f Folder) Read(file string) ([]byte, error) {
	data, err := fs.ReadFile(f.FS, file)
	broken := (*fs.PathError)(nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cannot read %s: no such file; copy or download the whole folder again", f.Path(file))
	case errors.As(err, &broken):
		return nil, fmt.Errorf("cannot read %s: %w", f.Path(file), broken.Err)
	}
	return data, err
}

// Has reports whether a file or folder is there.
func (f Folder) Has(file string) bool {
	_, err := fs.Stat(f.FS, file)
	return err == nil
}

// Config fills v from config.json.
func (f Folder) Config(v any) error {
	data, err := f.Read("config.json")
	if err != nil {
		return fmt.Errorf("the network's configuration is missing: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s is not a readable configuration (%w); copy or download it again", f.Path("config.json"), err)
	}
	return nil
}
