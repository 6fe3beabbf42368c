// Package cogvla lets the visual tokens that a trained router scores low skip a layer of a robot
// policy's language model.
//
// Li et al., "CogVLA: Cognition-Aligned Vision-Language-Action Model via Instruction-Driven Routing
// & Sparsification", NeurIPS 2025, arXiv 2508.21046: its stage 2, LFP-Routing. A layer keeps a share
// of the visual tokens that falls with depth; the others pass it by unchanged and may be chosen
// again by the next one, so nothing is lost for good:
//
//	            BOS  v v v v v v v v  state  In : What … Out :  actions  stop
//	p, layer 8   ·  .7.2.9.4.6.1.5.8    ·    ·  ·  ·      · ·      ·       ·    from the layer's router
//	layer 8     ✓   ✓ · ✓ · ✓ · · ✓    ✓    ✓  ✓  ✓      ✓ ✓      ✓       ✓    ⌊8·0.5⌋ best, all the rest
//	layer 9     ✓   · ✓ ✓ · · · ✓ ·    ✓    ✓  ✓  ✓      ✓ ✓      ✓       ✓    those that skipped are back
//
//	share of layer l   max(min, cos(πl/(span−1))/2 + average)       shiftedcos
//	                   max(min, 0.5 − l/(span−1) + average)         shiftedlinear
//	routed             where the share is at most max
//
// Rows that stay are numbered anew from 0 for the rotary positions. The method is part of a trained
// model: routers are weights of the checkpoint, and a routed layer scales its feed-forward by p,
// whoever is kept. So it serves policies that have routers, and is no pruner for others.
//
// Ours is the released code. Where it differs from the paper: the paper says a fixed half and a
// quantile as threshold, the code uses the cosine and the best so many. Ties, undefined there, go to
// the lower index. The code's curves always span 32 layers, whatever the model has; span says so.
//
// Start with cogvla.go (parameters, Decide), then schedule.go (shares) and mask.go (CAtten, who may
// attend to whom).
package cogvla
