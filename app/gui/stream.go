package gui

import (
	"context"
	"slices"

	"winnow/internal/trace"
)

// stream runs a request in the background, as the run of the window. What is known of it goes
// through a feed to show, on Fyne's thread, for as long as it is the window's run.
func (w *window) stream(r trace.Request, show func(snapshot)) *running {
	return w.streamAfter(nil, r, show)
}

// streamAfter is stream for a request that goes on where these events end.
func (w *window) streamAfter(before []trace.Event, r trace.Request, show func(snapshot)) *running {
	ctx, cancel := context.WithCancel(context.Background())
	run := &running{request: r, cancel: cancel}
	w.run = run
	w.stopSweep() // which would hold the engine
	f := &feed{do: w.do, pause: framePause, quiet: frameQuiet}
	switch {
	case r.Draw != nil:
		f.pause = sketchPause
	case r.Act != nil:
		f.pause = actPause
	}
	f.show = func(s snapshot) {
		if w.run == run && !w.closed {
			show(s)
		}
	}
	go func() {
		defer cancel()
		state, events := trace.Fold(before), slices.Clone(before)
		state.Apply(trace.Started{Request: r})
		err := w.engine.Run(ctx, r, func(e trace.Event) {
			events = append(events, e)
			state.Apply(e)
			if r.Act == nil || !thinking(state, e) {
				f.put(snapshot{state: state.Snapshot(), events: events[:len(events):len(events)]})
			}
		})
		if why := failure(state, err, ctx.Err() != nil); why != "" {
			e := trace.Failed{Error: why}
			events = append(events, e)
			state.Apply(e)
		}
		f.put(snapshot{state: state.Snapshot(), events: events[:len(events):len(events)], done: true, err: err})
	}()
	return run
}
