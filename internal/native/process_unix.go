//go:build unix

package native

import (
	"os/exec"
	"syscall"
)

// errDiskFull is what this system says beside ENOSPC when a quota is used up.
var errDiskFull error = syscall.EDQUOT

// own puts a program and the children it starts into a group of their own, so that a
// cancellation ends them all: npm is often a script around node.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
