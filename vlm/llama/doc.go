// Package llama is the Llama decoder, read from GGUF files with general.architecture = llama
// (Llama, Mistral, SmolLM2, Vicuna and so LLaVA), or llama-relu, the same with relu for silu.
//
// Each layer adds two things to the residual stream x:
//
//	x += Wo·attention(rope(Wq·n(x)), rope(Wk·n(x)), Wv·n(x))     n: RMSNorm with a weight
//	x += Wdown·(silu(Wgate·n(x)) ⊙ (Wup·n(x)))
//
// A Plan (plan.go) names two points, each before a layer or within its attention, and Build
// (graph.go) makes the graph of what lies between: where rows come from, which caches they are
// written to, what probes read (attention.go). Segment (segment.go) is such a graph compiled; it
// can serve any plan whose graph would be the same. Decoder (decoder.go) holds the weights; ffn.go
// gathers the rows of a chosen set of neurons.
package llama
