package ggml

import (
	"context"
	"runtime"
)

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

// watch raises the flag when ctx ends, until the function that it gives was called. That waits
// for a flag about to be raised, which would stop the next run.
func (f *abortFlag) watch(ctx context.Context) (done func()) {
	f.text[0] = 0
	raised := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		f.text[0] = 1
		close(raised)
	})
	return func() {
		if !stop() {
			<-raised
		}
	}
}

func (f *abortFlag) free() { f.pin.Unpin() }
