// Package language is the language model of a robot policy: Llama, run once over the whole sequence,
// with layers that rows can skip, or over a prompt and then token after token.
//
//	rows     BOS │ picture 1 │ picture 2 │ state │ prompt │ actions, all zero │ stop │ padding
//	hidden   [rows × width] on the device, through all layers
//
//	a layer   h = attention(norm(x)), x += h;   x += p·ffn(norm(x))
//	routed    of the kept rows only, numbered 0…K−1; the others keep their value bit for bit
//	router    p = softmax(Wr·n' + br)₁ for every row; n = norm(x) of the layer, with FiLM on the visual
//	          rows: n' = n·(1+γ) + β, γ and β each two layers on the mean of n over state and prompt
//
// p scales the feed-forward of a routed layer for every row, the text's too; a layer without a router
// has p = 1. The attention is CAtten (causal, actions and stop see each other) or, for OpenVLA-OFT,
// bidirectional; there is no cache, since one pass yields all actions. Only a Causal pass, OpenVLA's,
// has one: its prompt has no action rows, and each token is said by an lm_head and read in turn.
//
// Which rows are kept is not decided here: a Plan says it for each layer, and the router's numbers
// come back at the end of the plan before. Formulas: Li et al., "CogVLA", NeurIPS 2025, and the
// authors' code.
//
// Start with decoder.go (weights), then plan.go, graph.go and session.go; causal.go is OpenVLA's way.
package language
