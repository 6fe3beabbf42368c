package gui

import (
	"strings"
	"sync"
	"time"

	"winnow/internal/trace"
)

// snapshot is a run at one moment. Its state and events are not written to any more.
type snapshot struct {
	state  *trace.State
	events []trace.Event
	// done: Run has returned; err is what it returned.
	done bool
	err  error
}

// feed hands snapshots from the goroutine of a run to Fyne's thread through one slot: the newest
// replaces the one that waits, and at most one call is queued, however fast events come (Fyne's
// own queue has no bound).
type feed struct {
	// do runs a function on Fyne's thread, some time; show is what it runs.
	do   func(func())
	show func(snapshot)
	// pause between two calls, and quiet before the first, so that redrawing does not take the
	// processor from the model whose speed is being measured: without a graphics card a redraw
	// takes as long as the built-in model's whole prefill.
	pause, quiet time.Duration

	mu      sync.Mutex
	begun   time.Time // of the first put
	newest  snapshot
	waiting bool
	last    time.Time
	timer   *time.Timer // nil before the first call
}

// Twelve redraws a second, and none for a run that is over at once; it is played afterwards.
const (
	framePause = 80 * time.Millisecond
	frameQuiet = 250 * time.Millisecond
	// sketchPause is longer: each redraw of a drawing enlarges a picture on the processor.
	sketchPause = 200 * time.Millisecond
	// actPause is that of a robot, whose cameras and maps change with each step.
	actPause = 100 * time.Millisecond
)

// put never waits for show. A snapshot that is done is not held back.
func (f *feed) put(s snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.newest = s
	now := time.Now()
	if f.begun.IsZero() {
		f.begun = now
	}
	if s.done && f.timer != nil && f.timer.Stop() {
		f.waiting = false
	}
	if f.waiting {
		return
	}
	f.waiting = true
	wait := max(f.pause-now.Sub(f.last), f.quiet-now.Sub(f.begun))
	if s.done || wait < 0 {
		wait = 0
	}
	// In a goroutine of its own: do may call deliver at once, which takes the lock.
	f.timer = time.AfterFunc(wait, func() { f.do(f.deliver) })
}

func (f *feed) deliver() {
	f.mu.Lock()
	s := f.newest
	f.newest, f.waiting, f.last = snapshot{}, false, time.Now()
	f.mu.Unlock()
	f.show(s)
}

// tell shows the run's notices that came since the last call; told counts those shown.
func (w *window) tell(s *trace.State, told *int) {
	if len(s.Notices) <= *told || s.Error != "" {
		return
	}
	var texts []string
	for _, t := range s.Notices[*told:] {
		texts = append(texts, sentence(t))
	}
	*told = len(s.Notices)
	w.ui.banner.Notice(strings.Join(texts, " "))
}
