package engine

import (
	"os/exec"

	"golang.org/x/sys/windows"
)

// hideConsole keeps a console window from flashing up beside ours.
func hideConsole(cmd *exec.Cmd) {
	cmd.SysProcAttr = &windows.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
}
