package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"winnow/internal/trace"
)

// resultJSON is what --json of ask, compare, sweep and open prints.
type resultJSON struct {
	Question string       `json:"question"`
	Model    string       `json:"model"`
	Device   string       `json:"device"`
	Picture  string       `json:"picture,omitempty"`
	Methods  []trace.Spec `json:"methods"`
	// Force lists the tokens that a person decided on.
	Force []trace.Forced `json:"force,omitempty"`
	// Dense and Pruned are null where they were not run to their end; Pruned is the first stack.
	Dense  *sideJSON `json:"dense"`
	Pruned *sideJSON `json:"pruned"`
	// Sides are all stacks of a comparison, Pruned among them.
	Sides []comparedJSON `json:"sides,omitempty"`
	// Sweep and Points are those of a sweep.
	Sweep  *trace.Sweep  `json:"sweep,omitempty"`
	Points []trace.Point `json:"points,omitempty"`

	Notices   []string `json:"notices,omitempty"`
	Cancelled bool     `json:"cancelled,omitempty"`
	Error     string   `json:"error,omitempty"`
	// TotalMS and PeakMemoryBytes are measured.
	TotalMS         float64 `json:"total_ms"`
	PeakMemoryBytes int64   `json:"peak_memory_bytes"`
}

type sideJSON struct {
	Answer string `json:"answer"`
	Ended  string `json:"ended"`
	// Measured.
	TTFTMS          float64 `json:"ttft_ms"`
	PrefillMS       float64 `json:"prefill_ms"`
	SelectMS        float64 `json:"select_ms"`
	DecodeMS        float64 `json:"decode_ms"`
	TokensPerSecond float64 `json:"decode_tokens_per_s"`
	// Counted; FLOPs is the sum of prefill and decode.
	Tokens            int   `json:"tokens"`
	FLOPs             int64 `json:"flops"`
	PrefillFLOPs      int64 `json:"prefill_flops"`
	DecodeFLOPs       int64 `json:"decode_flops"`
	KVBytes           int64 `json:"kv_bytes"`
	DecodeWeightBytes int64 `json:"decode_weight_bytes"`
	Visual            int   `json:"visual"`
	KeptByLayer       []int `json:"kept_by_layer"`
}

// comparedJSON is a stack of a comparison.
type comparedJSON struct {
	Side    string       `json:"side"`
	Label   string       `json:"label"`
	Methods []trace.Spec `json:"methods"`
	// SameAnswer as dense; otherwise FirstDifference is the token, counted from 0, from which on.
	SameAnswer      bool `json:"same_answer"`
	FirstDifference *int `json:"first_difference,omitempty"`
	// Jaccard has the overlap of the kept visual tokens with each other side's: the number kept by
	// both over that by either, the mean over the layers.
	Jaccard map[string]float64 `json:"jaccard"`
	// Result is null where the side was not run to its end.
	Result *sideJSON `json:"result"`
}

func comparedOf(s *trace.State) []comparedJSON {
	if len(s.Sides) < 2 {
		return nil
	}
	stacks := s.Request.Stacks()
	var out []comparedJSON
	for _, d := range s.Sides {
		j := comparedJSON{Side: d.Name, Label: d.Label, Methods: []trace.Spec{}, Jaccard: map[string]float64{}, Result: sideOf(d)}
		if d.Index < len(stacks) {
			j.Methods = stacks[d.Index].Methods
		}
		if s.Dense != nil && d.Summary != nil {
			if _, _, first := trace.Diff(s.Dense.Words, d.Words); first >= 0 {
				j.FirstDifference = &first
			} else {
				j.SameAnswer = true
			}
		}
		for _, o := range s.Sides {
			if v, ok := meanJaccard(s, d, o); ok && o != d {
				j.Jaccard[o.Name] = v
			}
		}
		out = append(out, j)
	}
	return out
}

func resultOf(s *trace.State) resultJSON {
	j := resultJSON{Question: s.Request.Question(), Model: s.Request.Model, Device: s.Request.Device, Methods: s.Request.Methods,
		Dense: sideOf(s.Dense), Pruned: sideOf(s.Pruned), Force: s.Request.Force, Sides: comparedOf(s),
		Sweep: s.Request.Sweep, Points: s.Points, Notices: s.Notices, Cancelled: s.Cancelled, Error: s.Error,
		TotalMS: s.TotalMS, PeakMemoryBytes: s.PeakMemory}
	if s.Model != nil {
		j.Model, j.Device = s.Model.Name, s.Model.Device
	}
	if s.Picture != nil {
		j.Picture = s.Picture.Name
	}
	if j.Methods == nil {
		j.Methods = []trace.Spec{}
	}
	return j
}

func sideOf(d *trace.Side) *sideJSON {
	if d == nil || d.Summary == nil {
		return nil
	}
	m := d.Summary
	kept := m.KeptByLayer
	if kept == nil {
		kept = []int{}
	}
	return &sideJSON{m.Answer, m.Ended, m.TTFTMS, m.PrefillMS, m.SelectMS, m.DecodeMS, m.TokensPerSecond, m.Tokens,
		m.PrefillFLOPs + m.DecodeFLOPs, m.PrefillFLOPs, m.DecodeFLOPs, m.KVBytes, m.DecodeWeightBytes, m.Visual, kept}
}

// printResult writes the comparison of the two sides, or the numbers of the only one.
func printResult(w io.Writer, s *trace.State) {
	savings := trace.Savings(s)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	switch {
	case len(savings) > 0:
		fmt.Fprintln(w)
		fmt.Fprintln(t, "\t\tdense\tpruned\t")
		for _, v := range savings {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", v.Label, v.Basis, trace.Quantity(v.Dense, v.Unit), trace.Quantity(v.Pruned, v.Unit), v.Text)
		}
		t.Flush()
	case s.Dense != nil && s.Dense.Summary != nil:
		fmt.Fprintln(w)
		m := s.Dense.Summary
		for _, v := range []struct {
			label, basis, unit string
			value              float64
		}{
			{"First token", trace.Measured, "ms", m.TTFTMS},
			{"Decode", trace.Measured, "tokens/s", m.TokensPerSecond},
			{"Prefill arithmetic", trace.Counted, "FLOPs", float64(m.PrefillFLOPs)},
			{"KV cache", trace.Counted, "bytes", float64(m.KVBytes)},
		} {
			if v.value > 0 {
				fmt.Fprintf(t, "%s\t%s\t%s\n", v.label, v.basis, trace.Quantity(v.value, v.unit))
			}
		}
		t.Flush()
	}
	if p := s.Pruned; p != nil && p.Summary != nil {
		if text := keptText(p.Summary.KeptByLayer); text != "" && p.Summary.Visual > 0 {
			fmt.Fprintf(w, "Kept by layer: %s\n", text)
		}
		if d := s.Dense; d != nil && d.Summary != nil {
			fmt.Fprintln(w, diffText(d.Words, p.Words))
		}
	}
}

// keptText writes runs of layers: "256 in layers 0–2, 77 in layers 3–7".
func keptText(kept []int) string {
	var parts []string
	for from := 0; from < len(kept); {
		to := from
		for to+1 < len(kept) && kept[to+1] == kept[from] {
			to++
		}
		if from == to {
			parts = append(parts, fmt.Sprintf("%d in layer %d", kept[from], from))
		} else {
			parts = append(parts, fmt.Sprintf("%d in layers %d–%d", kept[from], from, to))
		}
		from = to + 1
	}
	if len(parts) > 12 {
		parts = append(parts[:12], "…")
	}
	return strings.Join(parts, ", ")
}

func diffText(dense, pruned []trace.Word) string {
	marks, other, first := trace.Diff(dense, pruned)
	if first < 0 {
		return "The answers are the same."
	}
	if !slices.Contains(marks, true) && !slices.Contains(other, true) {
		return "The answers have the same words."
	}
	return fmt.Sprintf("The answers differ from token %d on.", first+1)
}
