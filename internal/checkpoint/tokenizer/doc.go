// Package tokenizer turns text into token ids and back, exactly as the program that trained
// or published a model does: one wrong id and the model reads another sentence.
//
//	text ─▶ partition ─▶ split ─▶ merge ─▶ ids
//	        at special    at word   pieces, best
//	        tokens        borders   pair first
//
// Partition cuts out the special tokens that are written in the text (<|im_start|>). Split
// cuts what is left at the borders that the pre-tokenizer's regular expression defines; these
// are hand-written, since Go's regexp has no lookahead and speed matters. Merge joins
// neighbours until no known pair is left:
//   - byte-level BPE (GPT-2, Llama 3, Qwen 2, …): the bytes are written as 256 printable
//     characters, and a list of merges says which pair joins first;
//   - SentencePiece (Llama 1 and 2, LLaVA 1.5): spaces are written as ▁, every token has a
//     score, the pair that makes the best scored token joins first, and what is not in the
//     vocabulary falls back to byte tokens such as <0xE2>.
//
// FromGGUF follows llama.cpp, FromHF follows tokenizer.json. Start reading at tokenizer.go.
package tokenizer
