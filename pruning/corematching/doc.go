// Package corematching keeps the visual tokens that fire the neurons which the prompt uses most,
// and decodes with those neurons only.
//
// Wang et al., "CoreMatching: A Co-adaptive Sparse Inference Framework with Token and Neuron
// Pruning for Comprehensive Acceleration of Vision-Language Models", ICML 2025, arXiv
// 2505.19235; its core neurons are CoreInfer's (arXiv 2410.18311). No training, no calibration.
// All of it reads one matrix, A, the input of an FFN's down projection (A > 0 is "active"):
//
//	          neurons n ─▶
//	tokens    · 3 · · 9 2 · 1      each token names its m strongest;
//	  t       · 1 · · 4 · · 7      c[n] = how often n was named;
//	  │       2 · · 8 5 · · 1      the ⌊β·D⌋ neurons with the largest c are core neurons C
//	  ▼       · · 6 · 3 · 1 ·
//	          └─────────────┘
//	match[t] = how many of C are active in t; the elbow of the sorted match curve parts the
//	visual tokens
//
// Two modes, because the paper and the released code differ:
//
//   - paper: after an early layer visual tokens with match < elbow leave the residual stream and
//     the cache; in the middle layers the answer is decoded with C of each layer.
//   - release: in each of the middle layers, cached rows of the visual tokens that share no more
//     than the elbow's number of active neurons with the first token of the answer's header are
//     overwritten by zeros. Nothing is saved in prefill, and no neuron is left out.
//
// Start with corematching.go (when it decides what), then tokens.go (match, co-activation,
// elbow), neurons.go (C, fast) and pictures.go (what views show beside the scores).
package corematching
