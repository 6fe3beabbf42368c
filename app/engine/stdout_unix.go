//go:build unix && !linux

package engine

import (
	"os"

	"golang.org/x/sys/unix"
)

// ClaimStdout returns what stdout was and sends everything that is printed from now on to stderr,
// also what C libraries print, so that messages stay apart from it.
func ClaimStdout() *os.File {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil || unix.Dup2(2, 1) != nil {
		return os.Stdout
	}
	return os.NewFile(uintptr(fd), "stdout")
}
