//go:build cgo && !nogui

package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
)

func TestWithoutADisplayTheWindowSaysSo(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("there is always a display here")
	}
	cmd := winnow(scene)
	cmd.Env = append(cmd.Env, "DISPLAY=", "WAYLAND_DISPLAY=")
	var notes bytes.Buffer
	cmd.Stderr = &notes
	if err := cmd.Run(); exitCode(err) != 1 || !strings.Contains(notes.String(), "winnow: there is no display to open a window on") {
		t.Errorf("it ended with %v, %q", err, notes.String())
	}
}
