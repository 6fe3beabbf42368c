// Package trace is the record of a run: typed events in the order they happened.
//
//	Request ─▶ engine ─▶ Started, Model, Picture, Sequence,
//	                     SideStarted, Layer, Decision, Word … SideDone   (dense)
//	                     SideStarted, Layer, Decision, Word … SideDone   (pruned, pruned2 …)
//	                     Point …                                         (of a sweep)
//	                     Drawing, SideStarted, Denoised … Drawn … Seen … (of a drawing)
//	                     Acting, EpisodeStarted, Thought, Moved … EpisodeDone … Acted (of a robot)
//	                     Ended
//
// Nothing but a Request and its events crosses between the engine and whoever asked, so the
// window, the command line, the benches and the figures are consumers of one stream, and the
// engine can live in another process. On disk a trace is JSON lines, the first one holding the
// schema version; a PNG figure carries the same lines in a text chunk. A trace opens without
// the model.
//
// Numbers named ms or per_second are measured on the clock; flops and bytes are counted from
// the graphs and caches. The two are never mixed.
//
// State (state.go) folds events into what a view shows. Its sides answer in three tenses:
//
//	about the prompt      KeptMask, ScoresAt, Curve, Cumulative, Ratio, BitsAt, KVStrip, Matching
//	about a word          MaskedAt, KeptMaskAt, ScoresAtStep, Choice, Step, CacheRows
//	about each other      Overlap, Jaccard, Diff, Compare, Savings
//
// and CellInfo and CellInfoAt say in a sentence why a token is kept or gone. A step is a word:
// what is decided at step s is felt while word s is chosen, word 0 by the prompt alone.
package trace
