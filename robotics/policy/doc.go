// Package policy runs robot policies: OpenVLA-OFT and CogVLA, one code path for both, and OpenVLA.
//
//	pictures ─▶ encoder ×2 (FiLM, aggregation) ─▶ gate or join ─┐
//	state ─▶ fc₂ GELU fc₁ ──────────────────────────────────────┤ one row
//	prompt ─▶ embeddings ─▶ mean ─▶ FiLM, gate                  ▼
//	BOS │ A rows a picture │ state │ prompt │ chunk·dims zeros │ stop ─▶ language model, once
//	rows from the last of the prompt on ─▶ head ─▶ chunk × dims in −1 … 1 ─▶ statistics ─▶ actions
//
//	                 encoders give      language model             attention
//	OpenVLA-OFT      256 rows each      all rows in all layers     bidirectional
//	stage 1          A rows each        the same                   CAtten
//	CogVLA           A rows each        rows skip routed layers    CAtten
//
// Li et al., "CogVLA", NeurIPS 2025, arXiv 2508.21046, from the authors' code; Kim et al.,
// "Fine-Tuning Vision-Language-Action Models", 2025 (OpenVLA-OFT). All actions come out of one pass,
// so there is no cache and nothing is sampled.
//
// OpenVLA (Kim et al., 2024) shares encoders, prompt and language model, and has an lm_head in place of
// the action head. It says one action, a number after the other, each as the best token of 256 bins:
//
//	BOS │ 256 rows a picture │ state │ prompt ─▶ language model, causal, with a KV cache ─▶ token ─┐
//	                                                          ▲──────── its embedding ◀────────────┤
//	                                                        bins ─▶ −1 … 1 ─▶ statistics ─▶ action ┘
//
// It reads no state; ours does, to be fair to it. Its pictures are prepared as OpenVLA-OFT's, with the
// middle 90 %, which is right where it was trained with random crops.
//
// Which rows skip is a pruning.Method's decision: the policy runs to each site that the method names,
// shows it the router of the layer that follows, and applies the pruning.Skip that it gets. Without a
// method no row skips, but routers still scale the feed-forward, as they were trained to;
// Options.Plain leaves them out.
//
// Open reads the folder that training leaves: merged shards, config.json, the .pt files of the parts
// (LoRA in the vision part is merged here) and dataset_statistics.json. Count gives the FLOPs of a
// configuration without any weights.
//
// Start with config.go and policy.go, then run.go; open.go and source.go read checkpoints, head.go,
// statistics.go and prompt.go are the ends of the pipe; discrete.go is OpenVLA.
package policy
