// Package sample chooses the next token from logits: greedy, or by temperature and top-p with a
// seed. The same logits and seed give the same tokens.
package sample
