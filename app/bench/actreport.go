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
	// A call gives ActionsPerCall actions, of which each takes LatencyPerAction.
	LatencyMS        float64 `json:"latency_ms"`
	LatencyOf        Stat    `json:"latency"`
	ActionsPerCall   int     `json:"actions_per_call"`
	LatencyPerAction float64 `json:"latency_per_action_ms"`
	FLOPs            float64 `json:"flops"`
	KeptByLayer      []int   `json:"kept_by_layer"` // of such a call
	Visual           int     `json:"visual_tokens"`

	counts map[string][2]int // successes and episodes by suite
}

// ActRatios are speeds: above 1, cogvla takes less time for a call, or for an action. Nil was not
// measured.
type ActRatios struct {
	Autoregressive *float64 `json:"cogvla_vs_autoregressive"`
	Dense          *float64 `json:"cogvla_vs_dense"`
	// PerAction divides each call by its actions first: a chunk's many, a policy of tokens' one.
	PerAction *float64 `json:"cogvla_vs_autoregressive_per_action"`
}

func newActed(p ActPolicy, calls []call) *Acted {
	m := &Acted{Name: p.Name, Success: map[string]float64{}, Success95: map[string][2]float64{}, Tasks: map[string]map[string]float64{},
		counts: map[string][2]int{}, LatencyOf: stat(times(calls))}
	last := calls[len(calls)-1] // the same moment each time
	m.LatencyMS, m.FLOPs, m.KeptByLayer, m.Visual = m.LatencyOf.Median, float64(last.FLOPs), last.Kept, last.Visual
	m.ActionsPerCall, m.LatencyPerAction = last.actions, stat(perAction(calls)).Median
	return m
}

func times(calls []call) []float64 {
	var out []float64
	for _, c := range calls {
		out = append(out, c.MS)
	}
	return out
}

func perAction(calls []call) []float64 {
	var out []float64
	for _, c := range calls {
		out = append(out, c.MS/float64(max(c.actions, 1)))
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
func (r *Acting) compare(calls [][]call) {
	r.Spread = map[string]Stat{}
	at := func(name string) int {
		return slices.IndexFunc(r.Policies, func(m Acted) bool { return m.Name == name })
	}
	c := at("cogvla")
	for _, one := range []struct {
		key, other string
		of         func([]call) []float64
		to         **float64
	}{
		{"cogvla_vs_autoregressive", autoregressive, times, &r.Ratios.Autoregressive},
		{"cogvla_vs_dense", "dense", times, &r.Ratios.Dense},
		{"cogvla_vs_autoregressive_per_action", autoregressive, perAction, &r.Ratios.PerAction},
	} {
		if d := at(one.other); c >= 0 && d >= 0 {
			q := quotient(one.of(calls[d]), one.of(calls[c]))
			*one.to, r.Spread[one.key] = &q.Median, q
		}
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
	fmt.Fprintln(w, "\tms a call\tactions a call\tms an action\tFLOPs a call\tkept in the last layer")
	fmt.Fprintln(w, strings.Repeat("\tcounted", len(suites))+"\tmeasured\tcounted\tmeasured\tcounted\tcounted")
	for _, m := range r.Policies {
		fmt.Fprint(w, m.Name)
		for _, s := range suites {
			fmt.Fprintf(w, "\t%.1f %% (%.1f to %.1f)", 100*m.Success[s], 100*m.Success95[s][0], 100*m.Success95[s][1])
		}
		kept := "–"
		if n := len(m.KeptByLayer); n > 0 {
			kept = fmt.Sprintf("%d of %d", m.KeptByLayer[n-1], m.Visual)
		}
		fmt.Fprintf(w, "\t%s\t%d\t%.2f\t%s\t%s\n", m.LatencyOf.text(1), m.ActionsPerCall, m.LatencyPerAction, strings.TrimSpace(trace.Quantity(m.FLOPs, "FLOPs")), kept)
	}
	w.Flush()
	r.printTasks(out, suites)
	if len(r.Spread) > 0 {
		fmt.Fprintln(out)
	}
	for _, line := range [][3]string{{"cogvla_vs_dense", "dense", "a call"}, {"cogvla_vs_autoregressive", "autoregressive", "a call"},
		{"cogvla_vs_autoregressive_per_action", "autoregressive", "an action"}} {
		if q, ok := r.Spread[line[0]]; ok {
			fmt.Fprintf(out, "cogvla over %s: %s times as fast %s, the median of the rounds\n", line[1], q.text(2), line[2])
		}
	}
	_, err := fmt.Fprintln(out, "\nSuccess: fulfilled in at least one step. An autoregressive policy is called anew for each action; the others carry out all that a call gives.")
	return err
}

// printTasks has a line a task.
func (r *Acting) printTasks(out io.Writer, suites []string) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, s := range suites {
		fmt.Fprintf(w, "\n%s", s)
		for _, m := range r.Policies {
			fmt.Fprintf(w, "\t%s", m.Name)
		}
		fmt.Fprintln(w)
		for _, task := range slices.Sorted(maps.Keys(r.Policies[0].Tasks[s])) {
			fmt.Fprint(w, task)
			for _, m := range r.Policies {
				fmt.Fprintf(w, "\t%.0f %%", 100*m.Tasks[s][task])
			}
			fmt.Fprintln(w)
		}
	}
	w.Flush()
}
