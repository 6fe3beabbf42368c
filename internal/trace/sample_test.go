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

// points is a sweep of a random method that the sample's request lacks.
func points() []Event {
	return []Event{
		Point{Index: 1, Value: "0.5", KL: 0.25, Top1: 0.5, Steps: 2, Summary: SideDone{PrefillFLOPs: 500, KVBytes: 200_500, KeptByLayer: []int{6, 3, 3}, Visual: 6, TTFTMS: 33}},
		Point{Index: 0, Value: "0.25", KL: math.Inf(1), Top1: 0, Steps: 2, Summary: SideDone{PrefillFLOPs: 250, KVBytes: 100_250, KeptByLayer: []int{6, 0, 0}, Visual: 6}},
	}
}

// stacked is a run of three pruned sides on the sample's picture: a ZipVL-like one with packed
// rows, a VASparse-like one that decides while answering, and one without any decision. The
// sequence has 10 rows; rows 2..7 are cells 0..5.
func stacked() []Event {
	nan := float32(math.NaN())
	target, best := 0.9, 1.0
	events := append([]Event(nil), sample()[:11]...)
	events[0] = Started{Schema: Schema, Request: Request{
		Methods: []Spec{{Name: "zipvl", Params: map[string]string{"tau": "0.9"}}},
		Compare: []Stack{{Methods: []Spec{{Name: "vasparse"}}}, {Label: "none", Methods: []Spec{{Name: "zipvl"}}}},
		Force:   []Forced{{Row: 0, Col: 1, Keep: true}, {Row: 1, Col: 2}},
	}}
	zip := func(e Decision) Decision {
		e.Side, e.Method, e.Phase, e.At = Pruned, "zipvl", "prefill", "in attention"
		e.Layer, e.From, e.To, e.Unit = 1, 1, 1, "normalised attention"
		e.Scores = Floats{0.5, 0.1, 0.4, 0.3, 0.05, 0.2, 0.06, 0.01, 0.3, 0.6}
		e.Rule = "6 of 10 rows hold 90 % of the attention"
		return e
	}
	va := func(layer, step int, e Decision) Decision {
		e.Side, e.Method, e.Phase, e.At = SideName(1), "vasparse", "decode", "in attention"
		e.Layer, e.From, e.To, e.Step = layer, layer, layer, step
		return e
	}
	side := func(name string, words ...string) {
		for i, w := range words {
			events = append(events, Word{Side: name, Step: i, Text: w, KVBytes: int64(1000 + 10*i)})
		}
	}
	events = append(events, SideStarted{Pruned},
		Decision{Side: Pruned, Method: Hand, Kind: "drop", Phase: "prefill", Layer: -1, From: 0, To: 2, Rows: []int{7}, Rule: "taken out by hand"},
		Layer{Side: Pruned, Layer: 0, N: 9, Rows: []int{0, 1, 2, 3, 4, 5, 6, 8, 9}},
		zip(Decision{Kind: "exclude", Rows: []int{3, 4, 6, 7}, Kept: []int{0, 1, 2, 5, 8, 9}, Also: []Series{{Name: SeriesAttention, Target: &target,
			Values: Floats{4, 2, 1.5, 0.5, 0.25, 0.75, 0.25, nan, 0.5, 0.25}}}}),
		zip(Decision{Kind: "store", Bits: 4, Rows: []int{0, 1, 2, 5, 8, 9}}),
		zip(Decision{Kind: "store", Bits: 2, Rows: []int{4, 6}}),
		zip(Decision{Kind: "evict", Rows: []int{3}}),
		Layer{Side: Pruned, Layer: 1, N: 9, Rows: []int{0, 1, 2, 3, 4, 5, 6, 8, 9}},
		Layer{Side: Pruned, Layer: 2, N: 9, Rows: []int{0, 1, 2, 3, 4, 5, 6, 8, 9}},
		Decision{Side: Pruned, Method: "zipvl", Kind: "neurons", Phase: "decode", Layer: 2, From: 2, To: 2, Neurons: []int{1, 3}, Scores: make(Floats, 8), Also: []Series{
			{Name: SeriesActive, Values: Floats{nan, nan, 4, 3, 2, 4, 4, nan, nan, nan}}, {Name: SeriesActiveCore, Values: Floats{nan, nan, 2, 1, 0, 1, 2, nan, nan, nan}}}},
	)
	side(Pruned, "Two", ".")
	events = append(events,
		SideDone{Side: Pruned, Answer: "Two.", TTFTMS: 61, TokensPerSecond: 210, PrefillFLOPs: 700, KVBytes: 150_000, DecodeWeightBytes: 12_000_000, KeptByLayer: []int{5, 2, 5}, Visual: 6, KVByLayer: []int64{90_000, 20_000, 40_000}},
		SideStarted{SideName(1)})
	for l := range 3 {
		events = append(events, Layer{Side: SideName(1), Layer: l, N: 10})
	}
	events = append(events,
		va(0, 1, Decision{Kind: "mask", Rows: []int{6, 2, 4}, Share: Floats{0.25, 0.75, 1}, Scores: Floats{nan, nan, 0.1, 0.9, 0.2, 0.8, 0.3, 0.7}, Rule: "the best 9 of 11 stay",
			Also: []Series{{Name: SeriesSaliency, Values: Floats{nan, nan, 0.5, 0.25}}}}),
		va(0, 1, Decision{Kind: "merge", Rows: []int{4}}), // what the mask hides, for this attention alone
		va(0, 1, Decision{Kind: "reweigh"}),
		Decision{Side: SideName(1), Method: "vasparse", Kind: "logits", Phase: "decode", At: "on the logits", Layer: 2, From: 2, To: 2, Step: 1,
			Choices: &Choices{Before: []Choice{{7, " two", -0.5}}, After: []Choice{{9, " three", -0.25}, {8, " no", math.Inf(-1)}}}},
		va(1, 2, Decision{Kind: "merge", Rows: []int{8, 9, 10}}),
		va(2, 2, Decision{Kind: "evict", Rows: []int{5}, Threshold: &best}),
	)
	side(SideName(1), "Three", " sheep", ".")
	return append(events,
		SideDone{Side: SideName(1), Answer: "Three sheep.", TTFTMS: 80, TokensPerSecond: 150, PrefillFLOPs: 1000, KVBytes: 401_000, DecodeWeightBytes: 12_000_000, KeptByLayer: []int{6, 6, 6}, Visual: 6},
		SideStarted{SideName(2)}, Ended{MS: 500})
}
