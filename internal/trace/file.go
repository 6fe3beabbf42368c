package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Open reads a trace from a file: JSON lines, or a PNG figure that carries them. The content
// decides, not the name. Like Read it returns the events before an error together with it; a PNG
// without a trace is ErrNoTrace.
func Open(path string) ([]Event, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no file %s; check the path", path)
		}
		return nil, fmt.Errorf("%s cannot be opened: %w", path, bare(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; choose a trace (.jsonl) or a figure (.png)", path)
	}
	r := bufio.NewReader(f)
	head, _ := r.Peek(len(pngSignature))
	var events []Event
	if bytes.Equal(head, pngSignature) {
		events, err = ExtractPNG(r)
	} else {
		events, err = Read(r)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return events, err
}

// WriteFile writes a trace as JSON lines.
func WriteFile(path string, events []Event) error {
	return Save(path, func(w io.Writer) error {
		tw := NewWriter(w)
		for _, e := range events {
			if err := tw.Write(e); err != nil {
				return err
			}
		}
		return tw.Flush()
	})
}

func saveInto(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return sentence(path, err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return sentence(path, err)
	}
	return nil
}

// Save writes a file whole or not at all: write fills a temporary file beside it, which then
// takes its place. What was there before stays until then, and also after an error.
func Save(path string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil {
		switch {
		case info.IsDir():
			return fmt.Errorf("%s is a folder; give the name of a file in it", path)
		case !info.Mode().IsRegular(): // a device or a pipe is written to, never replaced
			return saveInto(path, write)
		}
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the file that a link leads to is replaced, not the link
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return sentence(path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = sentence(path, err)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	// CreateTemp makes files that only their owner may read, unlike os.Create.
	if runtime.GOOS != "windows" {
		if err := f.Chmod(0o644); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// windowsDiskFull is ERROR_DISK_FULL, which package syscall does not map to ENOSPC.
const windowsDiskFull = syscall.Errno(112)

func sentence(path string, err error) error {
	full := errors.Is(err, syscall.ENOSPC) || runtime.GOOS == "windows" && errors.Is(err, windowsDiskFull)
	switch {
	case full:
		return fmt.Errorf("%s was not written: the disk is full; free some space or choose another folder (%w)", path, bare(err))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s was not written: this account may not write there; choose another folder (%w)", path, bare(err))
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s was not written: there is no folder %s; make it or choose another (%w)", path, filepath.Dir(path), bare(err))
	}
	return fmt.Errorf("%s was not written: %w", path, bare(err))
}

// bare takes the path out of an error of package os; the sentence has it already.
func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
