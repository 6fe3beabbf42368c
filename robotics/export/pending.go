package export

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// pending is an export on its way: a temporary sibling that takes the target's place at the end.
type pending struct {
	target, tmp string
	folder      bool
	beside      []*pending // files that belong to the target; each is in its place before it
}

func parent(path string) string { return filepath.Dir(path) }

// begin makes the temporary sibling of target.
func begin(target string, folder bool) (*pending, error) {
	p := &pending{target: filepath.Clean(target), folder: folder}
	if err := p.vacant(); err != nil {
		return nil, err
	}
	p.sweep()
	var err error
	if folder {
		p.tmp, err = os.MkdirTemp(parent(p.target), p.sibling()+"*")
	} else {
		var f *os.File
		if f, err = os.CreateTemp(parent(p.target), p.sibling()+"*"); err == nil {
			p.tmp = f.Name()
			err = f.Close()
		}
	}
	if err != nil {
		p.discard()
		return nil, p.sentence(err)
	}
	return p, nil
}

// sibling is how the names of the target's temporary siblings begin.
func (p *pending) sibling() string { return "." + filepath.Base(p.target) + ".partial-" }

// abandoned is how long nothing was written to what a killed export left behind; one that lives writes
// all the time.
const abandoned = 24 * time.Hour

// sweep removes what killed exports to the same target left.
func (p *pending) sweep() {
	entries, _ := os.ReadDir(parent(p.target)) // what cannot be listed stays
	for _, e := range entries {
		path := filepath.Join(parent(p.target), e.Name())
		if strings.HasPrefix(e.Name(), p.sibling()) && time.Since(written(path)) > abandoned {
			_ = os.RemoveAll(path)
		}
	}
}

// written is when anything at or below path was last written to.
func written(path string) (last time.Time) {
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := d.Info(); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
		return nil
	})
	return last
}

// vacant refuses a target that must not be replaced: a folder with something in it, a folder where a
// file is asked for, a file where a folder is.
func (p *pending) vacant() error {
	info, err := os.Lstat(p.target)
	if err != nil {
		return nil // what is not there is vacant; any other trouble shows when the sibling is made
	}
	if !p.folder {
		if info.IsDir() {
			return fmt.Errorf("%s is a folder; give the name of a file in it", p.target)
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no ordinary file; choose another name", p.target)
		}
		return nil
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is there and is no folder; choose another name for the dataset", p.target)
	}
	if entries, err := os.ReadDir(p.target); err != nil || len(entries) > 0 {
		return fmt.Errorf("%s holds something already; a dataset is written whole, so choose a new folder and export all its episodes together", p.target)
	}
	return nil
}

// commit syncs the temporary sibling and renames it.
func (p *pending) commit() error {
	if err := p.vacant(); err != nil { // somebody may have come in between
		return err
	}
	for i, b := range p.beside {
		if err := b.commit(); err != nil {
			p.withdraw(i)
			return err
		}
	}
	if err := p.settle(); err != nil {
		p.withdraw(len(p.beside))
		return err
	}
	if p.folder {
		_ = os.Remove(p.target) // an empty folder; one that is not stays, and Rename says so
	}
	if err := os.Rename(p.tmp, p.target); err != nil {
		p.withdraw(len(p.beside))
		return err
	}
	syncFolder(parent(p.target))
	return nil
}

// withdraw takes away the first n companions of a target that did not come to be.
func (p *pending) withdraw(n int) {
	for _, b := range p.beside[:n] {
		os.Remove(b.target)
	}
}

// settle syncs everything below the temporary path and opens it to others: temporary files are
// made for their owner only.
func (p *pending) settle() error {
	return filepath.WalkDir(p.tmp, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if runtime.GOOS != "windows" {
			mode := fs.FileMode(0o644)
			if d.IsDir() {
				mode = 0o755
			}
			if err := os.Chmod(path, mode); err != nil {
				return err
			}
		}
		if d.IsDir() {
			syncFolder(path)
			return nil
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// syncFolder makes a rename last through a power cut. Not every system can, and none needs it for
// the export to be whole, so it does not fail.
func syncFolder(path string) {
	if f, err := os.Open(path); err == nil {
		_ = f.Sync()
		f.Close()
	}
}

func (p *pending) discard() {
	for _, b := range p.beside {
		b.discard()
	}
	if p.tmp != "" {
		os.RemoveAll(p.tmp)
	}
}

// windowsDiskFull is ERROR_DISK_FULL, which package syscall does not map to ENOSPC.
const windowsDiskFull = syscall.Errno(112)

// sentence says what became of the export. Errors of the episodes are sentences already.
func (p *pending) sentence(err error) error {
	full := errors.Is(err, syscall.ENOSPC) || runtime.GOOS == "windows" && errors.Is(err, windowsDiskFull)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the export to %s was cancelled and nothing is left of it (%w)", p.target, err)
	case full:
		return fmt.Errorf("%s was not written: the disk is full; free some space or choose another folder (%w)", p.target, bare(err))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s was not written: this account may not write in %s; choose another folder (%w)", p.target, parent(p.target), bare(err))
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s was not written: %s is no folder; choose another (%w)", p.target, parent(p.target), bare(err))
	case p.tmp == "" && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s was not written: there is no folder %s; make it or choose another (%w)", p.target, parent(p.target), bare(err))
	}
	return fmt.Errorf("%s was not written: %w", p.target, bare(err))
}

// bare takes the temporary path out of an error of package os.
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
