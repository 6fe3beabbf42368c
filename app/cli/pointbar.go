package cli

import (
	"io"

	"github.com/schollz/progressbar/v3"
)

// pointBar shows how many of a known number are done: a bar on a terminal, elsewhere nothing.
type pointBar struct {
	out  io.Writer // nil: nobody looks
	what string
	bar  *progressbar.ProgressBar // nil before the first
}

func newPointBar(w io.Writer, what string) *pointBar {
	if !isTerminal(w) {
		w = nil
	}
	return &pointBar{out: w, what: what}
}

func (b *pointBar) at(n, of int) {
	if b.out == nil {
		return
	}
	if b.bar == nil {
		b.bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(b.out), progressbar.OptionSetWidth(24), progressbar.OptionShowCount(),
			progressbar.OptionSetDescription(b.what), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth())
	}
	_ = b.bar.Set(n)
}

func (b *pointBar) done() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
