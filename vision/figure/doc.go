// Package figure draws a run as one picture, for papers and README files.
//
//	question
//	┌──────────────┐ ┌──────────────┐   the picture: what the model saw, the kept
//	│ kept tokens  │ │ score map    │   tokens of a layer, and the scores behind it
//	└──────────────┘ └──────────────┘
//	 legend           colour bar
//	 answers          savings           measured and counted told apart
//	 kept by layer    sorted scores
//	methods, model, device
//
// A run with several pruned sides is drawn as a comparison (compare.go): the overlap of what they
// keep, each side's map, the answers, one table, and how far they agree in each layer. A sweep is
// drawn as quality against cost (sweep.go). Options.Kind chooses otherwise.
//
// Everything comes from a trace.State, so a trace is drawn without its model. Write puts the
// trace into the PNG: dropping the figure on the window opens the run again.
//
// Sections are drawn from the top down, each returning where it ended (figure.go); what they draw
// with is in canvas.go. The same state gives the same pixels on every machine: the typefaces are
// embedded.
package figure
