//go:build cgo && !nogui

package main

import (
	"errors"
	"os"
	"runtime"

	"winnow/app/cli"
	"winnow/app/engine"
	"winnow/app/gui"
)

// window runs the window on an engine in a child process, so that it outlives one that dies.
func window(w cli.Window) error {
	if noDisplay() {
		return errors.New("there is no display to open a window on; set DISPLAY or WAYLAND_DISPLAY, or use a verb: `winnow --help` lists them")
	}
	gui.Run(engine.NewRemote(engine.RemoteOptions{}), gui.Options{Files: w.Files, Question: w.Question, Ask: w.Ask})
	return nil
}

// noDisplay tells of a system that draws through a display server and has none.
func noDisplay() bool {
	switch runtime.GOOS {
	case "windows", "darwin":
		return false
	}
	return os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == ""
}
