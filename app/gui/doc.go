// Package gui is Winnow's window: the views Ask, Compare, Draw and Robot, in three columns. This is Ask:
//
//	┌ brand, views ────────────────────────── model, device, export, settings ┐
//	│ picture      │ Kept│Score│Rank  overlay  map  clear   Dense│Pruned  │ dense │
//	│ samples      │ ┌────────────────────────────────────────────────┐  │pruned │
//	│ question     │ │ the picture, what the model saw, what was kept, │  │savings│
//	│ sampling     │ │ what was forced by hand                         │  ├───────┤
//	│ methods      │ └────────────────────────────────────────────────┘  │inspec-│
//	│──────────────│ ▶ timeline: a block a layer                          │tor    │
//	│ keep  ~curve │ ▶ words: a block a word, where a method decides      │       │
//	│ Ask          │   while the model answers                            │       │
//	└ done in … ──────────────────────────────────────────────── keyboard ────┘
//
// The window is a consumer of one stream. What the person edits is a form (form.go); asking turns
// it into a trace.Request; the engine answers with events; a goroutine folds them into a
// trace.State and hands snapshots over through one slot (stream.go, feed.go); show….go writes a
// snapshot into the widgets. A trace that is dropped takes the same way, so a run looks the same
// live and opened.
//
//	form ─▶ Request ─▶ engine ─▶ events ─▶ trace.State ─▶ feed ─▶ show ─▶ widgets
//	  ▲                                       ▲
//	  │ a click on a cell, the keep slider:   │
//	  └ live.go asks again, in place          └ dropped .jsonl, figure
//
// Three things run on the engine, one at a time: what was asked (run.go), the same again while the
// hand is still on a token or the slider (live.go, forced.go, keep.go), and, while nothing else
// does, the curve of quality against cost (sweep.go, curve.go), which yields to the other two at
// once and goes on later.
//
// The inspector (inspector.go) is one view for all methods: a tab appears as a run's decisions have
// something for it, whichever method made them. words.go scrubs through the answer.
//
// views.go brings one of four views to the front, whose parts lie over each other in the same
// columns. compare….go is the Compare view, which shares picture and question with Ask. draw….go is
// the Draw view, which has a form of its own; it runs on the engine like the others, one run at a
// time, and its run is folded and fed in the same way:
//
//	│ prompt       │ Side by side│Slider│Difference│Unstable          │ savings    │
//	│ sampler      │ ┌ dense ───────────┐  ┌ pruned ──────────┐      │ closeness  │
//	│ methods      │ └──────────────────┘  └──────────────────┘      │ difference │
//	│──────────────│ ▶ strip: a mark a step, how it was made         │ tokens of  │
//	│ Draw         │   curve: what the method went by                │ the step   │
//
// robot….go is the Robot view, again with a form of its own. Its run can be paused and go on: a
// request that continues is streamed after the events of the one before (stream.go), into one trace.
//
//	│ task         │ Both encoders│DINOv2│SigLIP│None               │ savings      │
//	│ instruction  │ ┌ front camera ────┐  ┌ wrist camera ────┐     │ routing      │
//	│ policy       │ └ where it looks ──┘  └──────────────────┘     │ looks        │
//	│ methods      │   next actions: dense (line), acting (dots)    │ export       │
//	│──────────────│ ▶ strip: a tick a step, taller where it looked │ gate, mask   │
//	│ Run Step     │                                                │              │
//
// Everything but the goroutines of stream.go, sweep.go, load.go and clipboard.go runs on Fyne's
// thread; those come back through window.do. Start reading at gui.go, then run.go and show.go.
package gui
