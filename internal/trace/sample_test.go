package trace

import "math"

// sample is a small run: a 2 × 3 grid, rows 2..7 of a sequence of 10; three layers; after layer 0
// the pruned side drops cells 0, 3 and 5, and tidies the cache of layer 0; in layer 2 another
// method sets the cache entry of cell 4 to zero.
func sample() []Event {
	nan := float32(math.NaN())
	var tokens []Token
	for i := range 10 {
		t := Token{Kind: "text", Part: "user", Position: i, ID: i}
		if i >= 2 && i < 8 {
			t = Token{Kind: "visual", Part: "user", Row: (i - 2) / 3, Col: (i - 2) % 3, Position: i, ID: -1}
		}
		tokens = append(tokens, t)
	}
	scores := Floats{nan, nan, 90, 125, 130, 96, 121, 100, nan, nan}
	threshold := 121.0
	dropped := []int{2, 5, 7}
	rest := []int{0, 1, 3, 4, 6, 8, 9}
	return []Event{
		Started{Schema: 1, Version: "0.1", Time: "2026-01-02T03:04:05Z", Request: Request{Model: "sprites", Messages: []Message{{"user", "How many sheep?"}}}},
		Model{Name: "Sprites", Layers: 3, FFN: 8},
		Picture{Name: "a.png", Width: 60, Height: 40, Seen: Box{0, 0, 60, 40}, Rows: 2, Cols: 3},
		Sequence{tokens},
		SideStarted{Dense},
		Layer{Side: Dense, Layer: 0, N: 10}, Layer{Side: Dense, Layer: 1, N: 10}, Layer{Side: Dense, Layer: 2, N: 10},
		Word{Side: Dense, Step: 0, Text: "Two"}, Word{Side: Dense, Step: 1, Text: "."},
		SideDone{Side: Dense, Answer: "Two.", TTFTMS: 60, TokensPerSecond: 200, Tokens: 2, PrefillFLOPs: 1000, KVBytes: 401_000, DecodeWeightBytes: 12_000_000, KeptByLayer: []int{6, 6, 6}, Visual: 6},
		SideStarted{Pruned},
		Layer{Side: Pruned, Layer: 0, N: 10},
		Decision{Side: Pruned, Method: "corematching", Kind: "drop", Phase: "prefill", Layer: 0, From: 1, To: 2, Rows: dropped, Kept: []int{3, 4, 6}, Scores: scores, Threshold: &threshold, Inclusive: true, Unit: "core neurons matched", Rule: "match ≥ 121, the elbow of the sorted curve"},
		Decision{Side: Pruned, Method: "corematching", Kind: "evict", Phase: "prefill", Layer: 0, From: 0, To: 0, Rows: dropped},
		Layer{Side: Pruned, Layer: 1, N: 7, Rows: rest},
		Layer{Side: Pruned, Layer: 2, N: 7, Rows: rest},
		Decision{Side: Pruned, Method: "random", Kind: "zero", Phase: "prefill", Layer: 2, From: 2, To: 2, Rows: []int{6}, Scores: Floats{nan, nan, nan, 0.25, 0.5, nan, 0.125, nan, nan, nan}, Rule: "the best 2 stay"},
		Decision{Side: Pruned, Method: "corematching", Kind: "neurons", Phase: "decode", Layer: 2, From: 1, To: 1, Neurons: []int{1, 2, 5}, Scores: Floats{0, 4, 3, 0, 1, 9, 0, 0}},
		Word{Side: Pruned, Step: 0, Text: "Three"}, Word{Side: Pruned, Step: 1, Text: "."},
		SideDone{Side: Pruned, Answer: "Three.", TTFTMS: 30, TokensPerSecond: 300, Tokens: 2, PrefillFLOPs: 380, KVBytes: 72_000, DecodeWeightBytes: 8_400_000, KeptByLayer: []int{6, 3, 2}, Visual: 6},
		Notice{"the model knows sprites only"},
		Ended{MS: 310, PeakMemory: 58 << 20},
	}
}
