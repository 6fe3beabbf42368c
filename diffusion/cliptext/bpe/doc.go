// Package bpe is CLIP's tokenizer, read from vocab.json and merges.txt as transformers'
// CLIPTokenizer writes them.
//
//	text ─▶ NFC, one space, lower case ─▶ words ─▶ bytes, the last with </w> ─▶ merge, best first ─▶ ids
//
// The pairs of merges.txt are joined in its order. A word's end is part of its last symbol, so that
// "cat" in a word and "cat" at its end are two tokens; no space is ever written.
//
//	t, err := bpe.Open(dir)
//	ids, cut := t.Padded("a red apple", 77) // start, words, end, then padding
package bpe
