// Package gui is Winnow's window: the Ask view, in three columns.
//
//	┌ brand, view ─────────────────────────── model, device, export, settings ┐
//	│ picture      │ Kept│Score│Rank   overlay   map      Dense│Pruned │ dense │
//	│ samples      │ ┌────────────────────────────────────────────────┐ │pruned │
//	│ question     │ │ the picture, what the model saw, what was kept │ │savings│
//	│ sampling     │ └────────────────────────────────────────────────┘ │curve  │
//	│ methods  Ask │ ▶ timeline: a block a layer                        │neurons│
//	└ done in … ──────────────────────────────────────────────── keyboard ────┘
//
// The window is a consumer of one stream. What the person edits is a form (form.go); asking turns
// it into a trace.Request; the engine answers with events; a goroutine folds them into a
// trace.State and hands snapshots over through one slot (feed.go); show….go writes a snapshot into
// the widgets. A trace that is dropped takes the same way, so a run looks the same live and opened.
//
//	form ─▶ Request ─▶ engine ─▶ events ─▶ trace.State ─▶ feed ─▶ show ─▶ widgets
//	                                          ▲
//	            dropped .jsonl, figure ───────┘
//
// Everything but the goroutines of run.go, load.go and clipboard.go runs on Fyne's thread; those
// come back through window.do. Start reading at gui.go, then run.go and show.go.
package gui
