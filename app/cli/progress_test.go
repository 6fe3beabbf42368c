package cli

import (
	"bytes"
	"errors"
	"testing"
)

func TestProgressWithoutATerminalIsOneLineAThing(t *testing.T) {
	for want, f := range map[string]func(show func(int64, int64, string), done func(error)){
		"npm fetches x\nunpacking y\nx is installed\n": func(show func(int64, int64, string), done func(error)) {
			for i := range int64(50) {
				show(i, 100, "npm fetches x")
			}
			show(50, 100, "unpacking y")
			done(nil)
		},
		"x is installed in its place\n": func(show func(int64, int64, string), done func(error)) {
			show(1, 1, "x is installed in its place")
			done(nil)
		},
		"npm fetches x\n": func(show func(int64, int64, string), done func(error)) {
			show(0, 0, "npm fetches x")
			done(errors.New("no network"))
		},
	} {
		var b bytes.Buffer
		show, done := progress(&b, "x")
		f(show, done)
		if b.String() != want {
			t.Errorf("got %q, want %q", b.String(), want)
		}
	}
}
