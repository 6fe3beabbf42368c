package native

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// explain turns the file system's refusals into sentences with a next step. Where is the
// directory or file that was being written or read.
func explain(err error, where string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, errDiskFull):
		return fmt.Errorf("the disk with %s is full: make room and try again (%w)", where, err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s cannot be written: make it writable, or set XDG_CACHE_HOME to a directory that is (%w)", where, err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s cannot be made, because a file is in its place: move that file away (%w)", where, err)
	}
	return fmt.Errorf("%s cannot be used: %w", where, err)
}
