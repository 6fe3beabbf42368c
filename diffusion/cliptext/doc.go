// Package cliptext is CLIP's text encoder: what a picture's prompt becomes before a denoiser
// attends to it.
//
//	ids ─▶ token + position embeddings ─▶ layers ─▶ LayerNorm ─▶ Last [tokens × width]
//	                                                        └─▶ row of the end token ─▶ Pooled ─▶ Projected
//
//	x += attention(norm₁(x))      each token sees itself and those before it
//	x += fc₂(act(fc₁(norm₂(x))))
//
// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021.
// Names, shapes and arithmetic are those of transformers' CLIPTextModel and
// CLIPTextModelWithProjection: config.json beside model.safetensors, with or without the prefix
// text_model. of older files.
//
// Token ids come from the tokenizer beside the model (bpe), padded to one length: pipelines pad to
// MaxTokens and give no mask, so that padding takes part, as in training.
//
//	e, err := cliptext.Load(dir, backend, tensors.AsStored)
//	out, err := e.Encode(ctx, ids, nil)
//
// Start reading at encoder.go, then graph.go.
package cliptext
