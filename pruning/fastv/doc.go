// Package fastv drops the visual tokens that the last prompt row attends to least.
//
// Chen et al., "An Image is Worth 1/2 Tokens After Layer 2", ECCV 2024, section 4.1: after layer
// K the score of a visual token is the attention that it receives from the last row, averaged
// over the heads; the lowest share R of them leaves the residual stream.
//
//	keys      <s> USER : ▒ ▒ ▓ ▒ █ ▒ ▒ ▓ what is this ? ASSISTANT :
//	attention  ·   ·   · 1 1 4 2 9 1 1 5   ·   ·  ·   ·     ·     ·   from the last row
//	kept       ✓   ✓   ✓ · · ✓ ✓ ✓ · · ✓   ✓   ✓  ✓   ✓     ✓     ✓   keep 0.5: the best 4 of 8
//
// The cache of the first K layers keeps all rows, as in the authors' code, and the rows that
// stay keep their rotary positions. This is the first method to read: one file, one rule.
package fastv
