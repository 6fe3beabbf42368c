// Package random drops visual tokens by lot.
//
// It is the baseline that a method must beat: the same number of tokens leaves at the same
// layer, but which ones is drawn. Each visual token draws a number in [0, 1), in the order of
// the rows, and the ⌈keep·n⌉ highest stay:
//
//	draws  .31 .87 .02 .55 .91 .40
//	kept    ·   ✓   ·   ✓   ✓   ·     keep 0.5
//
// The draw depends on the run's seed, the method's own seed and the site, and on nothing that
// the model computed, so that a run can be repeated exactly.
package random
