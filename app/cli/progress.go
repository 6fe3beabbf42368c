package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"winnow/internal/native"
)

// progress shows an installation: a bar on a terminal, elsewhere a line for each new thing that is
// being done. done ends it and, unless err, says that what is installed.
func progress(w io.Writer, what string) (show native.Progress, done func(err error)) {
	last := ""
	ended := func(err error) {
		// What was there before has said so itself.
		if err == nil && !strings.Contains(last, "is installed in") {
			fmt.Fprintf(w, "%s is installed\n", what)
		}
	}
	if !isTerminal(w) {
		return func(_, _ int64, what string) {
			if what != last {
				last = what
				fmt.Fprintln(w, what)
			}
		}, ended
	}
	var bar *progressbar.ProgressBar
	var length int64
	show = func(n, total int64, what string) {
		if total <= 0 {
			total = -1
		}
		if bar == nil || total != length {
			length = total
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(24), progressbar.OptionClearOnFinish(),
				progressbar.OptionSpinnerType(14), progressbar.OptionFullWidth())
		}
		if what != last {
			last = what
			bar.Describe(what)
		}
		_ = bar.Set64(n)
	}
	return show, func(err error) {
		if bar != nil {
			_ = bar.Clear()
			if strings.Contains(last, "is installed in") {
				fmt.Fprintln(w, last)
			}
		}
		ended(err)
	}
}
