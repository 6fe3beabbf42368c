// Convert turns a Hugging Face LLaVA folder (CLIP ViT, two-layer projector, Llama) into the
// pair of GGUF files that llama.cpp and Winnow open:
//
//	go run ./assets/convert -type q8_0 HF_DIR OUT_DIR
//
//	config.json, *.safetensors,      ┌▶ NAME-q8_0.gguf         decoder and tokenizer
//	tokenizer.json, chat template ───┴▶ mmproj-NAME-q8_0.gguf  encoder and projector
//
// NAME is the folder's name. -type is q8_0, q5_0, q4_0, f16 or f32: what matrices are stored as.
// Vectors and position embeddings are always f32, patch filters f16 at the least, the table of words
// q8_0 at the least, and a matrix whose rows are no multiple of 32 stays f16 under q8_0 and below.
//
// This is how the embedded model under assets/models was made:
//
//	go run ./assets/convert -type q8_0 ../shared/models/llava-sprites assets/models/llava-sprites
//
// Start reading at convert.go; names and keys are llama.cpp's (decoder.go, mmproj.go).
package main
