package trace

import (
	"fmt"
	"math"
	"strconv"
)

// The two ways by which a number is known.
const (
	Measured = "measured" // on the clock
	Counted  = "counted"  // from graphs and caches
)

// Saving is one line of the comparison of the two sides.
type Saving struct {
	Label string
	// Basis is Measured or Counted.
	Basis         string
	Dense, Pruned float64
	Unit          string // ms, tokens/s, FLOPs, bytes, tokens
	// Ratio is how many times better the pruned side is; below 1 it is worse.
	Ratio float64
	// Text is the comparison in a few words: "1.8× sooner", "72 of 401 kB".
	Text string
}

// Savings is SavingsOf the first pruned side.
func Savings(s *State) []Saving {
	if s == nil {
		return nil
	}
	return SavingsOf(s, s.Pruned)
}

// SavingsOf compares a side with the dense one, both finished; lines whose numbers are missing
// are left out.
func SavingsOf(s *State, side *Side) []Saving {
	if s == nil || s.Dense == nil || side == nil || s.Dense.Summary == nil || side.Summary == nil {
		return nil
	}
	d, p := s.Dense.Summary, side.Summary
	var out []Saving
	add := func(label, basis, unit string, dense, pruned float64, text func(dense, pruned float64) string) {
		if !(dense > 0 && pruned > 0) || math.IsInf(dense, 0) || math.IsInf(pruned, 0) {
			return
		}
		ratio := dense / pruned
		if unit == "tokens/s" {
			ratio = pruned / dense
		}
		out = append(out, Saving{label, basis, dense, pruned, unit, ratio, text(dense, pruned)})
	}
	add("First token", Measured, "ms", d.TTFTMS, p.TTFTMS, func(d, p float64) string { return times(d/p, "sooner", "later") })
	add("Decode", Measured, "tokens/s", d.TokensPerSecond, p.TokensPerSecond, func(d, p float64) string { return times(p/d, "faster", "slower") })
	add("Prefill arithmetic", Counted, "FLOPs", float64(d.PrefillFLOPs), float64(p.PrefillFLOPs), share)
	add("KV cache", Counted, "bytes", float64(d.KVBytes), float64(p.KVBytes), ofBytes)
	add("Weights read a decode step", Counted, "bytes", float64(d.DecodeWeightBytes), float64(p.DecodeWeightBytes), ofBytes)
	if kept, where := fewest(p); where != "" {
		add("Visual tokens kept", Counted, "tokens", float64(p.Visual), float64(kept), func(d, p float64) string {
			return fmt.Sprintf("%.0f of %.0f%s", p, d, where)
		})
	}
	return out
}

// fewest is the smallest number of visual tokens in any layer, and where that holds.
func fewest(p *SideDone) (kept int, where string) {
	k := p.KeptByLayer
	if len(k) == 0 {
		return 0, ""
	}
	first, last := 0, 0
	for l, n := range k {
		if n < k[first] {
			first = l
		}
		if n <= k[first] {
			last = l
		}
	}
	switch {
	case first == 0 && last == len(k)-1:
		where = " in every layer"
	case last == len(k)-1:
		where = fmt.Sprintf(" from layer %d on", first)
	default:
		where = fmt.Sprintf(" in layer %d", first)
	}
	for l := first; l <= last; l++ {
		if k[l] != k[first] {
			where = fmt.Sprintf(" in layer %d, the fewest", first)
		}
	}
	return k[first], where
}

func times(ratio float64, better, worse string) string {
	word := better
	if ratio < 1 {
		ratio, word = 1/ratio, worse
	}
	switch {
	case ratio < 1.05:
		return "the same"
	case ratio < 9.95:
		return fmt.Sprintf("%.1f× %s", ratio, word)
	}
	return fmt.Sprintf("%.0f× %s", ratio, word)
}

func share(dense, pruned float64) string {
	return strconv.FormatFloat(100*pruned/dense, 'f', 0, 64) + " % of dense"
}

var byteUnits = []string{"B", "kB", "MB", "GB", "TB"}

// ofBytes writes "72 of 401 kB", in the unit of the larger number.
func ofBytes(dense, pruned float64) string {
	u, by := 0, 1.0
	for max(dense, pruned)/by >= 1000 && u < len(byteUnits)-1 {
		u, by = u+1, by*1000
	}
	return short(pruned/by) + " of " + short(dense/by) + " " + byteUnits[u]
}

// short gives three digits at most before a view would call it noise.
func short(v float64) string {
	if v >= 100 || v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// Quantity writes a value with its unit for people: "401 kB", "1.2 GFLOPs", "61 ms".
func Quantity(v float64, unit string) string {
	prefix := []string{"", "k", "M", "G", "T", "P"}
	switch unit {
	case "bytes", "FLOPs":
		u := 0
		for math.Abs(v) >= 1000 && u < len(prefix)-1 {
			u, v = u+1, v/1000
		}
		if unit == "bytes" {
			unit = "B"
		}
		return strconv.FormatFloat(v, 'f', decimals(v), 64) + " " + prefix[u] + unit
	}
	return strconv.FormatFloat(v, 'f', decimals(v), 64) + " " + unit
}

func decimals(v float64) int {
	if v == math.Trunc(v) || math.Abs(v) >= 100 {
		return 0
	}
	if math.Abs(v) >= 10 {
		return 1
	}
	return 2
}
