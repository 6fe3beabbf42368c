// Package vlm turns tokens to text: prompt, prefill, decode, with pruning methods in between.
//
//	Open ─▶ Model: decoder (llama/), tokenizer, template, encoder (vision/)
//	Model.Encode(picture) ─▶ Picture: visual embeddings, shared by every question and side
//	Model.Prompt(messages, picture) ─▶ Prompt: rows with kind, cell and position
//	Session.Prefill / Session.Next ─▶ events, answer
//
// Prefill is cut into segments at the sites where a method may change the rows that go on
// (session.go): a segment runs, its probes are read back, each method decides, the decisions
// are applied (apply.go) and written to the trace, and the next segment starts from the rows
// that are left. What a method only changes in the cache or in decoding cuts nothing.
//
// The cache (kv/) is ragged; sample/ draws tokens. Start reading at session.go.
package vlm
