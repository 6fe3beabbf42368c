package ggml

import "runtime"

// abortFlag stops a run between two operations. ggml asks a C function bool(void*) before each;
// a Go callback there would cost more than the operations themselves. strlen is such a
// function: of an empty string it is 0, of one byte 1.
type abortFlag struct {
	text *[2]byte // "" while running, "\x01" once cancelled
	pin  runtime.Pinner
}

func newAbortFlag() *abortFlag {
	f := &abortFlag{text: new([2]byte)}
	f.pin.Pin(f.text)
	return f
}

func (f *abortFlag) set(on bool) {
	if on {
		f.text[0] = 1
	} else {
		f.text[0] = 0
	}
}

func (f *abortFlag) free() { f.pin.Unpin() }
