// Package bench measures Winnow against libllama, llama.cpp's own library, and each pruning
// method against Winnow without it, on one GGUF file in one process.
//
// A contender (contender.go) can prefill a prompt and take decode steps: Winnow dense, Winnow
// with each registered method at its defaults, and libllama. Rounds (rounds.go) let them run by
// turns, in an order that changes, so that a slow moment of the machine hits all alike; a ratio
// is the median over rounds of the quotient within the round.
//
//	same for all:  file, prompt, threads, F16 keys and values, the tokens that are decoded
//	prefill:       from the prompt to the logits of its last row, after a warm-up
//	decode:        one step for each given token, to its logits
//
// Two things need a process of their own, which is the same program started again (job.go):
// peak memory (memory.go) and the cost of selection at the size of LLaVA-1.5-7B (selection.go).
//
// A ratio of speed above 1 means that Winnow is faster. Start reading at bench.go.
//
// Four benches are about methods alone, without libllama:
//
//	fidelity.go  questions ─▶ dense answers ─▶ followed by each method, and by random with the same
//	             share of tokens or cache (budget.go) ─▶ paired differences of KL (paired.go)
//	kv.go        decoding after a long prompt: f16, packed and evicted caches by turns
//	draw.go      pictures of prompts, dense and with fewer evaluations, judged by the built-in VLM
//	act.go       robot policies beside each other in the simulator
package bench
