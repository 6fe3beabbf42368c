// Package vasparse answers while looking only at the cached rows that matter to the new row or
// that looked at the picture themselves, and holds the language prior against what is said next.
//
// Zhuang et al., "VASparse: Towards Efficient Visual Hallucination Mitigation via Visual-Aware
// Token Sparsification", CVPR 2025, arXiv 2501.06553. No training. It removes nothing from
// prefill; it acts on every decode step, to make captions truer rather than cheaper. Mode paper
// has three parts:
//
//	           cached rows ─▶   <s>  USER  ▒   ▓   ▒   what  is   ?   a   red
//	P  attention the row gave    ·    ·    2   3   2    4    1    1   3    4    as a query,
//	   to the picture                                                           softmaxed
//	δ  = a² + λP                 9    ·    2   4   2    5    1    2   4    6    S = keep·L largest
//	                             ✓    ·    ✓   ✓   ✓    ✓    ·    ✓   ✓    ✓    stay, by head
//	W  attention received        █    ·    ·   ·   ·    ·    ·    ·   ·    ·    sinks
//	logit × (1 + β − βW)       ×1.0 ×1.1 ×1.1 …                                 all but sinks grow
//
//	logits z ──▶ (1 + α)z − αe   e = LM head on the last token's embedding: what language alone
//	                             would say; only where z is within reach of the best
//
// Mode release is what the authors' code really does: the prompt's cache is left alone, the
// oldest generated rows of each finished "sentence" of so many tokens become their mean, and the
// contrast has another formula, without the factor 1 + α. The code has no sink penalty, so beta
// does nothing there, and no selection while decoding; keep is the share of generated rows that a
// merge leaves. Its rank-based masking of the prompt, off by default there too, is prefill=mask.
//
// Where both are silent, and what is ours:
//
//   - The code applies its contrast where a detector misses a finished noun in the picture.
//     There is no detector here: contrast=word is the gate that is left, open where the plain
//     arg-max would begin a new word, which is to say that the last token ended one.
//   - A row that the last layer never computed (an earlier method dropped it) gave the picture
//     no attention: its saliency is that of 0. The new row has, in each layer, the attention of
//     the layer before; in the first it counts as 0 and stays only because of keep_newest.
//   - recycle lets each cluster of hidden rows take part as one. The paper clusters hidden states;
//     ours clusters what is at hand, the rows' logits over the heads, and needs sets=shared,
//     because a cluster is one for all heads.
//
// Start with vasparse.go (parameters, sites), then attention.go (P, W, δ, sets) and step.go (the
// decisions), contrast.go, merge.go.
package vasparse
