package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"winnow/internal/trace"
	"winnow/robotics"
)

// Acting is what RunAct measured.
type Acting struct {
	Policies []Acted   `json:"policies"`
	Ratios   ActRatios `json:"ratios"`
	// Spread has the quarters of the ratios, by their names.
	Spread map[string]Stat `json:"spread"`
	// Episodes of each task, from Seed on; Rounds of the measured calls.
	Episodes int    `json:"episodes"`
	Seed     uint64 `json:"seed"`
	Rounds   int    `json:"rounds"`
}

// Acted is one policy.
type Acted struct {
	Name string `json:"name"`
	// Success is the share of a suite's episodes in which the task was fulfilled in at least one
	// step; Success95 its interval (Wilson), of a suite's episodes all together.
	Success   map[string]float64    `json:"success"`
	Success95 map[string][2]float64 `json:"success_95"`
	// Tasks is the share by suite and task.
	Tasks map[string]map[string]float64 `json:"tasks"`
	// LatencyMS is the median of the calls by turns, measured; FLOPs those of such a call, counted.
	LatencyMS   float64 `json:"latency_ms"`
	LatencyOf   Stat    `json:"latency"`
	FLOPs       float64 `json:"flops"`
	KeptByLayer []int   `json:"kept_by_layer"` // of such a call
	Visual      int     `json:"visual_tokens"`

	counts map[string][2]int // successes and episodes by suite
}

// ActRatios are speeds: above 1, cogvla takes less time for a call. Nil was not measured.
type ActRatios struct {
	Autoregressive *float64 `json:"cogvla_vs_autoregressive"`
	Dense          *float64 `json:"cogvla_vs_dense"`
}

func newActed(p ActPolicy, calls []robotics.Thought) *Acted {
	m := &Acted{Name: p.Name, Success: map[string]float64{}, Success95: map[string][2]float64{}, Tasks: map[string]map[string]float64{},
		counts: map[string][2]int{}, LatencyOf: stat(times(calls))}
	last := calls[len(calls)-1] // the same moment each time
	m.LatencyMS, m.FLOPs, m.KeptByLayer, m.Visual = m.LatencyOf.Median, float64(last.FLOPs), last.Kept, last.Visual
	return m
}

func times(calls []robotics.Thought) []float64 {
	var out []float64
	for _, c := range calls {
		out = append(out, c.MS)
	}
	return out
}

// add counts a task.
func (m *Acted) add(r *robotics.Report) {
	if m.Tasks[r.Suite] == nil {
		m.Tasks[r.Suite] = map[string]float64{}
	}
	k, n := r.Successes(), len(r.Episodes)
	m.Tasks[r.Suite][r.Task] = float64(k) / float64(n)
	c := m.counts[r.Suite]
	m.counts[r.Suite] = [2]int{c[0] + k, c[1] + n}
}

func (m *Acted) sum() {
	for suite, c := range m.counts {
		m.Success[suite] = float64(c[0]) / float64(c[1])
		low, high := robotics.Wilson(c[0], c[1])
		m.Success95[suite] = [2]float64{low, high}
	}
}

// compare makes the ratios of what there is, round by round.
func (r *Acting) compare(calls [][]robotics.Thought) {
	r.Spread = map[string]Stat{}
	at := func(name string) int {
		return slices.IndexFunc(r.Policies, func(m Acted) bool { return m.Name == name })
	}
	if c, d := at("cogvla"), at("dense"); c >= 0 && d >= 0 {
		q := quotient(times(calls[d]), times(calls[c]))
		r.Ratios.Dense, r.Spread["cogvla_vs_dense"] = &q.Median, q
	}
}

// Print writes the report for a person.
func (r *Acting) Print(out io.Writer) error {
	fmt.Fprintf(out, "%d episodes of each task, seeds from %d, the same for all; latency by turns in %d rounds on one moment\n\n", r.Episodes, r.Seed, r.Rounds)
	suites := slices.Sorted(maps.Keys(r.Policies[0].Success))
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprint(w, "policy")
	for _, s := range suites {
		fmt.Fprintf(w, "\t%s (95 %%)", s)
	}
	fmt.Fprintln(w, "\tms a call\tFLOPs a call\tkept in the last layer")
	fmt.Fprintln(w, strings.Repeat("\tcounted", len(suites))+"\tmeasured\tcounted\tcounted")
	for _, m := range r.Policies {
		fmt.Fprint(w, m.Name)
		for _, s := range suites {
			fmt.Fprintf(w, "\t%.1f %% (%.1f to %.1f)", 100*m.Success[s], 100*m.Success95[s][0], 100*m.Success95[s][1])
		}
		kept := "–"
		if n := len(m.KeptByLayer); n > 0 {
			kept = fmt.Sprintf("%d of %d", m.KeptByLayer[n-1], m.Visual)
		}
		fmt.Fprintf(w, "\t%s\t%s\t%s\n", m.LatencyOf.text(1), strings.TrimSpace(trace.Quantity(m.FLOPs, "FLOPs")), kept)
	}
	w.Flush()
	if q, ok := r.Spread["cogvla_vs_dense"]; ok {
		fmt.Fprintf(out, "\ncogvla over dense: %s times as fast a call, the median of the rounds\n", q.text(2))
	}
	_, err := fmt.Fprintln(out, "\nSuccess: fulfilled in at least one step. There is no autoregressive policy to compare with: winnow runs policies that give a chunk in one pass.")
	return err
}
