// Package zipvl keeps, in every layer, as few tokens as hold a set share of its attention.
//
// He et al., "ZipVL: Efficient Large Vision-Language Models with Dynamic Token Sparsification",
// ICCV 2025, arXiv 2410.08584 (its first version also had mixed-precision KV). No training, no
// calibration; text and visual tokens are treated alike. Per layer, between rotary and attention:
//
//	            keys j ─▶
//	probe   c │ █              a[j]   Σ over the probe rows, mean over heads: what j receives
//	rows      │ ▓ ▒            p      the fewest tokens whose a sum up to τ of all of it
//	 │        │ █ · ▒          seen[j] = probe rows that may look at j (c ≥ j)
//	 ▼        │ ▓ · · █        ã[j] = a[j] / seen[j]
//	            └─────┘        T      the p tokens with the largest ã, U the others
//
// The count comes from a, the choice from ã: early tokens are seen by more rows, and would win
// every time if a chose. Flat attention keeps much, peaked attention keeps little, so the kept
// share differs with layer, picture and question.
//
// Then attention runs among T only; the attention output of U is zero in this layer, while its
// rows go on through the FFN and may be important again in the next (Exclude). The layer's cache
// loses U (kv=evict, version 2), holds T in 4 bits and U in 2 (kv=mixed, version 1), or stays
// whole (kv=keep).
//
// While decoding, new rows gather in full precision. Every 100 tokens the current row's attention
// judges the 100 latest by the same rule, and they are evicted or stored in turn.
//
// No code of ZipVL is public, hence "reconstruction". Ours to choose were: one set a layer from
// the mean over heads; all rows as probes up to 256, above that 64 recent and 64 random ones; τ of
// the window's own attention while decoding; eviction there too. protect_last is our addition: the
// next token comes from the last row, which has no attention output in a layer where it is in U.
//
// Start with important.go (the rule), then zipvl.go (when), prefill.go and decode.go (what).
package zipvl
