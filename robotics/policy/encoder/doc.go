// Package encoder is the eyes of a robot policy: two vision transformers in timm's layout, and what
// makes one row of their two.
//
//	picture ─▶ patches ─▶ linear + positions ─▶ [class, registers,] patches [, A aggregation vectors]
//	        ─▶ blocks 0 … depth−2 ─▶ the A rows at the end (or the patches, without them)
//
//	x += ls₁·attention(norm₁(x))
//	x  = x·(1 + g) + b             FiLM: g, b are linear in the mean e of the instruction's embeddings
//	x += ls₂·fc₂(GELU(fc₁(norm₂(x))))
//
// The last block and the final norm are never used. DINOv2 has a class token, registers and
// LayerScale (ls); SigLIP has none of them. Then
//
//	two encoders ─▶ w₀·P₀(rows₀) + w₁·P₁(rows₁)    w = softmax(W₂GELU(W₁e)), one pair a sample   (moe)
//	             ─▶ P([rows₀ rows₁])               joined on the width, three layers             (concat)
//
// Li et al., "CogVLA", NeurIPS 2025, arXiv 2508.21046: EFA-Routing; FiLM and concat are OpenVLA-OFT's
// (Kim et al., 2025). Aggregation vectors share attention with the patches, so they change these too;
// FiLM reaches all rows, class token and registers included.
//
// Start with encoder.go (configuration, reading), then graph.go, then fuse.go.
package encoder
