// Package llama is the Llama decoder, read from GGUF files with general.architecture = llama
// (Llama, Mistral, SmolLM2, Vicuna and so LLaVA).
//
// Each layer adds two things to the residual stream x:
//
//	x += Wo·attention(rope(Wq·n(x)), rope(Wk·n(x)), Wv·n(x))     n: RMSNorm with a weight
//	x += Wdown·(silu(Wgate·n(x)) ⊙ (Wup·n(x)))
//
// Build (graph.go) makes the graph of a run of layers between two decision sites: where rows
// come from, which caches they are written to, what probes read. Decoder (decoder.go) holds
// the weights; ffn.go gathers the rows of a chosen set of neurons.
package llama
