package zipvl

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/pruning"
)

// decodeSeen shows cached rows while decoding: prompt rows, then the answer's, at the positions
// given; one row of logits a head.
func decodeSeen(prompt int, answer []int, logits ...[]float32) pruning.Seen {
	var tokens []pruning.Token
	for i := range prompt {
		tokens = append(tokens, pruning.Token{Part: pruning.User, Position: i})
	}
	for _, p := range answer {
		tokens = append(tokens, pruning.Token{Part: pruning.Answer, Position: p})
	}
	p := pruning.Probe{What: pruning.AttentionLogits, Layer: layer}
	m := pruning.Matrix{Rows: len(logits), Cols: len(tokens), Data: slices.Concat(logits...)}
	return pruning.NewSeen(pruning.Site{Phase: pruning.Decode, Layer: layer, At: pruning.InAttention, Step: 4}, model, tokens,
		map[pruning.Probe]pruning.Matrix{p: m})
}

// of is logits that softmax turns into such weights: HeadDim is 16, so the scale is 4.
func of(weights ...float64) []float32 {
	out := make([]float32, len(weights))
	for i, w := range weights {
		out[i] = float32(4 * math.Log(w))
	}
	return out
}

func TestTheLatestWindowIsJudged(t *testing.T) {
	// Prompt rows 0–2 and an earlier window's rest (positions 3 and 5) stand before it: they take
	// most of the attention and are not judged. Mean over the heads: .1 .2 .05 .05 of .4.
	s := decodeSeen(3, []int{3, 5, 7, 8, 9, 10},
		of(.2, .1, .1, .1, .1, .12, .16, .08, .04),
		of(.1, .2, .1, .1, .1, .08, .24, .02, .06))
	for _, c := range []struct{ tau, kv, want string }{
		{"0.75", "evict", "evict[7 8]"},                        // .2 + .1 of .4
		{"0.76", "evict", "evict[8]"},                          // of .05 and .05 the first
		{"0.5", "evict", "evict[5 7 8]"},                       // .2 alone
		{"0.75", "mixed", "store4[5 6] store2[7 8]"},           //
		{"1", "mixed", "store4[5 6 7 8]"},                      //
		{"0.75", "mixed,8", "store8[5 6] store2[7 8]"},         //
		{"0.99", "evict", ""},                                  // all four are needed
		{"0.99", "mixed", "store4[5 6 7 8]"},                   //
		{"0.75", "mixed,protected", "store4[5 6] store2[7 8]"}, // the last row is not special here
	} {
		kv, more, _ := strings.Cut(c.kv, ",")
		params := with(map[string]string{"tau": c.tau, "kv": kv, "recompress": "4"})
		switch more {
		case "8":
			params["bits_important"] = "8"
		case "protected":
			params["protect_last"] = "true"
		}
		out := decide(t, s, params)
		got := kinds(out)
		if len(out) == 1 && out[0].Kind() == "evict" {
			e := out[0].(*pruning.Evict)
			if e.From != layer || e.To != layer {
				t.Errorf("evicts from layers %d to %d", e.From, e.To)
			}
			got += fmt.Sprint(e.Rows.Lists[0])
		}
		if got != c.want {
			t.Errorf("tau %s, kv=%s: %s, want %s", c.tau, c.kv, got, c.want)
		}
		for _, d := range out {
			b := d.Because()
			for i, score := range b.Scores {
				want := []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN(), .1, .2, .05, .05}[i]
				if i < 5 && score == score || i >= 5 && math.Abs(float64(score)-want) > 1e-6 {
					t.Errorf("score of row %d is %v, want %v", i, score, want)
				}
			}
			if !strings.Contains(b.Rule, "of the attention within the answer's latest rows") || b.Unit != "attention of the new row" {
				t.Errorf("rule %q, unit %q", b.Rule, b.Unit)
			}
		}
	}
}

func TestWindowsFollowPositions(t *testing.T) {
	for _, c := range []struct {
		answer []int
		n      int
		want   []int
	}{
		{[]int{2, 3, 4, 5}, 4, []int{2, 3, 4, 5}},
		{[]int{2, 3, 4, 5}, 2, []int{4, 5}},
		{[]int{2, 5}, 3, []int{3}},                // what another method evicted does not widen the window
		{[]int{2, 3, 4, 5}, 9, []int{2, 3, 4, 5}}, // never into the prompt
	} {
		if got := latest(decodeSeen(2, c.answer).Tokens, c.n); !slices.Equal(got, c.want) {
			t.Errorf("answer at %v, window %d: rows %v, want %v", c.answer, c.n, got, c.want)
		}
	}
	// An answer of 12 tokens judged every 4: each is judged once.
	times := map[int]int{}
	var answer []int
	for p := 2; p < 14; p++ {
		answer = append(answer, p)
		if len(answer)%4 == 0 {
			s := decodeSeen(2, answer)
			for _, r := range latest(s.Tokens, 4) {
				times[s.Tokens[r].Position]++
			}
		}
	}
	for p := 2; p < 14; p++ {
		if times[p] != 1 {
			t.Errorf("the token at %d is judged %d times", p, times[p])
		}
	}
}

func TestNoRecompressionWhereNoneIsAsked(t *testing.T) {
	s := decodeSeen(1, []int{1, 2, 3}, of(.1, .7, .1, .1))
	for _, params := range []map[string]string{{"kv": "keep"}, {"recompress": "0"}, {"tau": "1"}, {"first": "4"}} {
		if d := decide(t, s, params); len(d) != 0 {
			t.Errorf("%v decides %s", params, kinds(d))
		}
	}
	if d := decide(t, decodeSeen(4, nil), nil); len(d) != 0 {
		t.Errorf("without an answer it decides %s", kinds(d))
	}
}

func TestBrokenLogitsAreNamed(t *testing.T) {
	nan := decodeSeen(1, []int{1, 2}, of(1, 1, 1), []float32{1, 2, float32(math.NaN())})
	if _, err := method(t, nil).Decide(nan); err == nil || !strings.Contains(err.Error(), "attention logits of layer 2 is not a number at row 1, column 2") {
		t.Errorf("error %v", err)
	}
	infinite := decodeSeen(1, []int{1, 2}, []float32{1, 2, float32(math.Inf(1))})
	if _, err := method(t, nil).Decide(infinite); err == nil || !strings.Contains(err.Error(), "attention logits of layer 2 is not a number") {
		t.Errorf("error %v", err)
	}
	short := decodeSeen(1, []int{1, 2}, of(1, 1, 1))
	short.Tokens = append(slices.Clone(short.Tokens), pruning.Token{Part: pruning.Answer, Position: 3})
	if _, err := method(t, nil).Decide(short); err == nil || !strings.Contains(err.Error(), "1 × 3 for 4 cached rows") {
		t.Errorf("error %v", err)
	}
	// A row that another method masks has no weight, and is no error.
	hidden := decodeSeen(1, []int{1, 2, 3}, []float32{0, float32(math.Inf(-1)), 0, 0})
	d := decide(t, hidden, map[string]string{"tau": "0.9"})
	if len(d) != 1 || !slices.Equal(d[0].(*pruning.Evict).Rows.Lists[0], []int{1}) {
		t.Errorf("a hidden row: %s", kinds(d))
	}
}
