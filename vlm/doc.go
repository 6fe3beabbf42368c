// Package vlm turns tokens to text: prompt, prefill, decode, with pruning methods in between.
//
//	Open ─▶ Model: decoder (llama/), tokenizer, template, encoder (vision/)
//	Model.Encode(picture) ─▶ Picture: visual embeddings, shared by every question and side
//	Model.Prompt(messages, picture) ─▶ Prompt: rows with kind, cell and position
//	Session.Generate ─▶ events, answer      Session.Follow ─▶ logits along a given answer
//
// A run is cut into segments where methods decide (course.go says where):
//
//	     layer 0      layer 1      layer 2 …
//	├────────────┼─────┊──────┼────────────┤
//	                   in      after the     the logits
//	               attention   layer
//
// A segment runs, its probes are read back, each method decides, the decisions are carried out
// (apply.go, attending.go, logits.go) and written to the trace (tell.go), and the next segment
// starts from what is left. After a layer rows may leave the stream; in an attention they may be
// left out of it, and its probabilities may be edited (weighing.go); what is only done to the
// cache, or to the neurons that decode, cuts nothing. A decode step is cut only at the steps and
// layers where a method asked to decide.
//
// The cache (kv/) is ragged and may be packed; sample/ draws tokens. Start reading at prefill.go.
package vlm
