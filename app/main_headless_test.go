//go:build !cgo || nogui

package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestABuildWithoutAWindowSaysSo(t *testing.T) {
	cmd := winnow()
	var notes bytes.Buffer
	cmd.Stderr = &notes
	if err := cmd.Run(); exitCode(err) != 2 || !strings.Contains(notes.String(), "this build of winnow has no window") || !strings.Contains(notes.String(), "\n  ask ") {
		t.Errorf("it ended with %v, %q", err, notes.String())
	}
}
