package gui

import (
	"context"
	"time"
)

// step moves along the layers or the words.
func (w *window) step(by int) {
	w.stopPlaying()
	at, _ := w.scrub()
	w.seekScrub(at + by)
}

// playPause is how long a layer or a word stays while it plays, replayTime how long the replay of
// a run takes.
const (
	playPause  = 450 * time.Millisecond
	replayTime = 1200 * time.Millisecond
)

// setPlaying plays the layers, or the words, once, from the first where the scrubber stands at the
// last.
func (w *window) setPlaying(on bool) {
	w.stopPlaying()
	if on {
		w.play(playPause)
	}
}

// replay plays a run that was over before it could be watched.
func (w *window) replay() {
	if n := w.state().LayerCount(); n > 1 {
		w.seek(0)
		w.play(min(playPause, replayTime/time.Duration(n)))
	}
}

func (w *window) play(pause time.Duration) {
	at, n := w.scrub()
	if n < 2 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	w.playing = stop
	if w.inWords() {
		w.ui.words.SetPlaying(true)
	} else {
		w.ui.timeline.SetPlaying(true)
	}
	if at >= n-1 {
		w.seekScrub(0)
	}
	w.playOn(ctx, pause)
}

func (w *window) playOn(ctx context.Context, pause time.Duration) {
	time.AfterFunc(pause, func() {
		w.do(func() {
			if ctx.Err() != nil || w.closed {
				return
			}
			at, n := w.scrub()
			w.seekScrub(at + 1)
			if at+1 >= n-1 {
				w.stopPlaying()
				return
			}
			w.playOn(ctx, pause)
		})
	})
}

func (w *window) stopPlaying() {
	if w.playing != nil {
		w.playing()
		w.playing = nil
		w.ui.timeline.SetPlaying(false)
		w.ui.words.SetPlaying(false)
	}
}
