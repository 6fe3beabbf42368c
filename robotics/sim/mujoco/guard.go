package mujoco

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ebitengine/purego"
)

// raised is what the error handler panics with; nothing else is recovered.
type raised string

var (
	warnMu sync.Mutex
	warned []string // warnings since they were last taken, oldest first, a few at most
)

// handlers takes MuJoCo's error and warning messages away from the terminal, from the file
// MUJOCO_LOG.TXT in the current directory, and from exit().
func (l *Library) handlers() error {
	onError, err := symbol(l.handle, "mju_user_error")
	if err != nil {
		return errors.New("it has no mju_user_error")
	}
	onWarning, err := symbol(l.handle, "mju_user_warning")
	if err != nil {
		return errors.New("it has no mju_user_warning")
	}
	*at[ptr](onError) = purego.NewCallback(func(message ptr) ptr {
		panic(raised(text(message)))
	})
	*at[ptr](onWarning) = purego.NewCallback(func(message ptr) ptr {
		warnMu.Lock()
		if len(warned) < 16 {
			warned = append(warned, clean(text(message)))
		}
		warnMu.Unlock()
		return 0
	})
	return nil
}

// Guard runs calls of the library and returns what its error handler was told. The C code is
// left in the middle, as by longjmp: whatever object it was working on must not be used again.
func Guard(doing string, call func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case raised:
			err = fmt.Errorf("MuJoCo gave up while %s: %s", doing, clean(string(r)))
		default:
			panic(r)
		}
	}()
	call()
	return nil
}

// TakeWarnings returns the library's warnings since the last call, of all simulations.
func TakeWarnings() []string {
	warnMu.Lock()
	defer warnMu.Unlock()
	out := warned
	warned = nil
	return out
}

// clean makes one line of a message of several.
func clean(s string) string {
	return strings.TrimRight(strings.Join(strings.Fields(s), " "), ". ")
}
