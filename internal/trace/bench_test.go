package trace

import "testing"

// BenchmarkScrubber asks a long answer of a large model for all that the line of words shows:
// 32 layers, 24 × 24 cells, 60 words with a mask in every layer.
func BenchmarkScrubber(b *testing.B) {
	events := answering(32, 60)
	var tokens []Token
	for i := range 600 {
		t := Token{Kind: "text", Position: i}
		if i >= 5 && i < 581 {
			t = Token{Kind: "visual", Row: (i - 5) / 24, Col: (i - 5) % 24, Position: i}
		}
		tokens = append(tokens, t)
	}
	s := Fold(append([]Event{events[0], Model{Layers: 32}, Picture{Rows: 24, Cols: 24}, Sequence{tokens}}, events[11:]...))
	d := s.Side(SideName(1))
	for b.Loop() {
		for step := range d.Steps() {
			d.Step(step)
		}
	}
}
