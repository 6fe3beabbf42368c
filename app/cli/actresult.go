package cli

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"winnow/internal/trace"
	"winnow/robotics"
	"winnow/robotics/sim"
	"winnow/robotics/sim/suites"
)

// actJSON is what --json of act prints.
type actJSON struct {
	Suite    string `json:"suite"`
	Task     string `json:"task"`
	Episodes int    `json:"episodes"`
	// Success is the share of episodes in which the task was fulfilled in at least one step, counted;
	// Success95 its interval (Wilson).
	Success   float64    `json:"success"`
	Success95 [2]float64 `json:"success_95"`
	// LatencyMS is measured, the median of the calls that give a chunk, and FLOPs counted, their mean;
	// null for the expert, which is no network.
	LatencyMS *float64 `json:"latency_ms"`
	FLOPs     *float64 `json:"flops"`
	// KeptByLayer is the mean number of visual tokens that each layer computed, of VisualTokens; empty
	// for the expert.
	KeptByLayer  []float64 `json:"kept_by_layer"`
	VisualTokens int       `json:"visual_tokens,omitempty"`

	Policy string `json:"policy"`
	Method string `json:"method,omitempty"`
	Device string `json:"device,omitempty"` // the policy's
	Note   string `json:"note,omitempty"`
	Seed   uint64 `json:"seed"`
	Steps  int    `json:"steps"` // actions carried out, all together
	Calls  int    `json:"calls"` // of the policy
	// Runs are the episodes in their order.
	Runs   []actRunJSON `json:"runs"`
	Export string       `json:"export,omitempty"`
	Out    string       `json:"out,omitempty"`
}

type actRunJSON struct {
	Seed        uint64  `json:"seed"`
	Instruction string  `json:"instruction"`
	Success     bool    `json:"success"`
	Steps       int     `json:"steps"`
	Reward      float64 `json:"reward"` // the sum
}

// expertNote says what the numbers of the expert are not.
const expertNote = "the suite's scripted expert acted, which reads the simulator's whole state: no network ran, so there is neither latency nor FLOPs"

func policyName(policy string) string {
	if policy == robotics.Expert {
		return policy
	}
	return filepath.Base(filepath.Clean(policy))
}

func newActResult(c *actCmd, r *robotics.Report, s *robotics.Stage, out *exported) actJSON {
	n, k := len(r.Episodes), r.Successes()
	low, high := robotics.Wilson(k, n)
	j := actJSON{Suite: r.Suite, Task: r.Task, Episodes: n, Success: float64(k) / float64(n), Success95: [2]float64{low, high},
		KeptByLayer: []float64{}, Policy: policyName(c.Policy), Method: c.Method, Seed: c.Seed, Steps: r.Steps(), Runs: []actRunJSON{}}
	for _, e := range r.Episodes {
		j.Runs = append(j.Runs, actRunJSON{e.Seed, e.Instruction, e.Success, e.Steps, e.Reward})
	}
	if s.Brain == nil {
		j.Note = expertNote
	} else {
		j.Device, j.Note, j.Calls = s.Brain.Device.ID, s.Brain.Notice, len(r.Thoughts())
		if ms, ok := r.Latency(); ok {
			flops, _ := r.FLOPs()
			j.LatencyMS, j.FLOPs, j.KeptByLayer, j.VisualTokens = &ms, &flops, r.Kept(), s.Brain.Config.Visual()
		}
	}
	if out != nil {
		j.Export, j.Out = out.kind, out.path
	}
	return j
}

// print writes the result for a person.
func (j actJSON) print(w io.Writer) {
	policy := j.Policy
	if j.Device != "" {
		policy += fmt.Sprintf(" on %s, %s", j.Device, cmp.Or(j.Method, "dense"))
	}
	fmt.Fprintf(w, "policy   %s\ntask     %s %s\n", line(policy), j.Suite, j.Task)
	if j.Note != "" {
		fmt.Fprintf(w, "note: %s\n", line(j.Note))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nepisode\tseed\tfulfilled\tsteps\treward\tinstruction")
	const most = 20 // lines; --json has all
	for i, e := range j.Runs[:min(most, len(j.Runs))] {
		fmt.Fprintf(t, "%d\t%d\t%s\t%d\t%.4g\t%s\n", i+1, e.Seed, yesNo(e.Success), e.Steps, e.Reward, line(e.Instruction))
	}
	t.Flush()
	if n := len(j.Runs) - most; n > 0 {
		fmt.Fprintf(w, "and %d more, which --json lists\n", n)
	}
	k := 0
	for _, e := range j.Runs {
		if e.Success {
			k++
		}
	}
	fmt.Fprintf(w, "\nsuccess  %d of %d, %.1f %% (95 %% interval %.1f to %.1f, Wilson): fulfilled in at least one step, counted\n",
		k, j.Episodes, 100*j.Success, 100*j.Success95[0], 100*j.Success95[1])
	if j.LatencyMS != nil {
		fmt.Fprintf(w, "latency  %s ms a call, the median of %d calls, measured\n", strings.TrimSpace(fmt.Sprintf("%.4g", *j.LatencyMS)), j.Calls)
		fmt.Fprintf(w, "FLOPs    %s a call, the mean, counted\n", strings.TrimSpace(trace.Quantity(*j.FLOPs, "FLOPs")))
		fmt.Fprintf(w, "kept     %s of %d visual tokens, by layer, means\n", keptMeans(j.KeptByLayer), j.VisualTokens)
	}
	if j.Out != "" {
		fmt.Fprintf(w, "wrote %s (%s, %d episodes)\n", j.Out, j.Export, j.Episodes)
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func keptMeans(kept []float64) string {
	var out []string
	for _, v := range kept {
		out = append(out, fmt.Sprintf("%.4g", v))
	}
	return strings.Join(out, " ")
}

type taskJSON struct {
	Suite     string   `json:"suite"`
	Task      string   `json:"task"`
	Help      string   `json:"help"`
	Action    []string `json:"action"`
	Proprio   []string `json:"proprio"`
	Cameras   []string `json:"cameras"`
	ControlHz float64  `json:"control_hz"`
	MaxSteps  int      `json:"max_steps"`
}

// listTasks shows the tasks of a suite, "" of all. It needs no simulator.
func listTasks(env *Env, suite string, asJSON bool) error {
	tasks, err := suites.Tasks(suite)
	if err != nil {
		return usageError{err}
	}
	if asJSON {
		list := []taskJSON{}
		for _, t := range tasks {
			list = append(list, taskOf(t))
		}
		return printJSON(env.Out, list)
	}
	t := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "suite\ttask\twhat is to be done\tsteps at most\tcameras")
	for _, x := range tasks {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\n", x.Suite, x.Name, x.Help, x.MaxSteps, strings.Join(x.Cameras, ", "))
	}
	return t.Flush()
}

func taskOf(t sim.Task) taskJSON {
	return taskJSON{t.Suite, t.Name, t.Help, t.Action, t.Proprio, t.Cameras, t.ControlHz, t.MaxSteps}
}
