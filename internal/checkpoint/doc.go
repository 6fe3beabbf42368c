// Package checkpoint opens model files: GGUF, as llama.cpp and its relatives use it, and
// safetensors, as Hugging Face folders have it. Both are mapped into memory: opening a file
// of many gigabytes takes milliseconds, and a tensor's bytes come from disk when read.
//
//	GGUF        | magic, version, counts | metadata key=value … | tensor table … | data … |
//	safetensors | header length | JSON: name → type, shape, offsets | data … |
//	                                                      Tensor.Data is a view ──┘
//
// A file is a stranger's word, so every length is compared with the size of the file before
// it is believed, and what does not fit ends in a sentence that names the file and the field.
//
// Quantised GGUF tensors hold blocks: 32 or 256 values with a shared scale. Dequantize turns
// them into float32, one documented function a format (dequant.go, kquants.go); Quantize goes
// the other way for the formats that our own models are stored in.
//
// A mapped file that another program shortens while it is open faults on access; the system
// gives no way to turn that into an error, so do not overwrite a model that is in use.
//
// Start reading at gguf.go; then gguf_parse.go. Sub-packages: tokenizer, chat.
package checkpoint
