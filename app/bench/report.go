package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"winnow/internal/compute"
)

// Report is what a bench measured.
type Report struct {
	Runs   int
	Ratios Ratios
	// Methods are the registered ones, by name.
	Methods []Method

	Kind, Model, KV                          string
	Device                                   compute.Device
	Libllama                                 string // its version
	PromptTokens, VisualTokens, DecodeTokens int
	Dense, Peer                              Times
	DenseMemory, PeerMemory                  []Memory // by run
	Selection                                []Selection
}

// Ratios compare Winnow without pruning with libllama. Nil was not measured.
type Ratios struct {
	// Prefill and Decode: above 1, Winnow is faster.
	Prefill, Decode Stat
	// Memory: above 1, Winnow takes more.
	Memory *Stat
	// Selection is the largest share that reading probes and deciding add to the layers that a
	// method decides in.
	Selection *float64
}

// Method is one pruning method at its defaults.
type Method struct {
	Name, Title string
	// TTFT and Decode are speeds over those of Winnow without it.
	TTFT, Decode                        float64
	PrefillVsLibllama, DecodeVsLibllama float64
	// Kept is the share of the visual tokens in the last layer.
	Kept float64
	// Overhead is the method's own Ratios.Selection; Applied is what carrying its decisions out
	// adds to that.
	Overhead, Applied *float64
	Times             Times
	// Refused says why it was not measured.
	Refused string
}

// Times of one contender.
type Times struct {
	PrefillMS     Stat    `json:"prefill_ms"`
	PrefillTokens float64 `json:"prefill_tokens_per_s"`
	DecodeMS      Stat    `json:"decode_ms_per_token"`
	DecodeTokens  float64 `json:"decode_tokens_per_s"`
}

func (s sample) times(prompt int) Times {
	t := Times{PrefillMS: stat(s.prefill), DecodeMS: stat(s.decode)}
	t.PrefillTokens, t.DecodeTokens = float64(prompt)/t.PrefillMS.Median*1000, 1000/t.DecodeMS.Median
	return t
}

// MarshalJSON writes the keys runs, ratios and methods, and beside them what they come from.
func (r *Report) MarshalJSON() ([]byte, error) {
	type ratios struct {
		Prefill   float64  `json:"prefill_vs_libllama"`
		Decode    float64  `json:"decode_vs_libllama"`
		Memory    *float64 `json:"memory_vs_libllama"`
		Selection *float64 `json:"selection_overhead"`
	}
	type method struct {
		Name              string   `json:"name"`
		TTFT              float64  `json:"ttft_ratio"`
		Decode            float64  `json:"decode_ratio"`
		Kept              float64  `json:"kept"`
		PrefillVsLibllama float64  `json:"prefill_vs_libllama"`
		DecodeVsLibllama  float64  `json:"decode_vs_libllama"`
		Selection         *float64 `json:"selection_overhead"`
		Applied           *float64 `json:"apply_overhead"`
		Times             Times    `json:"times"`
	}
	type refusal struct {
		Name string `json:"name"`
		Why  string `json:"why"`
	}
	type engine struct {
		Times
		Memory []Memory `json:"memory,omitempty"`
	}
	out := struct {
		Runs    int       `json:"runs"`
		Ratios  ratios    `json:"ratios"`
		Methods []method  `json:"methods"`
		Refused []refusal `json:"refused,omitempty"`

		Spread    map[string]Stat `json:"spread"`
		Kind      string          `json:"kind"`
		Model     string          `json:"model"`
		KV        string          `json:"kv_type"`
		Device    compute.Device  `json:"device"`
		Libllama  string          `json:"libllama_version"`
		Prompt    int             `json:"prompt_tokens"`
		Visual    int             `json:"visual_tokens"`
		Decoded   int             `json:"decode_tokens"`
		Dense     engine          `json:"winnow"`
		Peer      engine          `json:"libllama"`
		Selection []Selection     `json:"selection,omitempty"`
	}{Runs: r.Runs, Methods: []method{}, Kind: r.Kind, Model: r.Model, KV: r.KV, Device: r.Device, Libllama: r.Libllama,
		Prompt: r.PromptTokens, Visual: r.VisualTokens, Decoded: r.DecodeTokens,
		Dense: engine{r.Dense, r.DenseMemory}, Peer: engine{r.Peer, r.PeerMemory}, Selection: r.Selection}
	out.Ratios = ratios{Prefill: r.Ratios.Prefill.Median, Decode: r.Ratios.Decode.Median, Selection: r.Ratios.Selection}
	out.Spread = map[string]Stat{"prefill_vs_libllama": r.Ratios.Prefill, "decode_vs_libllama": r.Ratios.Decode}
	if r.Ratios.Memory != nil {
		out.Ratios.Memory, out.Spread["memory_vs_libllama"] = &r.Ratios.Memory.Median, *r.Ratios.Memory
	}
	for _, m := range r.Methods {
		if m.Refused != "" {
			out.Refused = append(out.Refused, refusal{m.Name, m.Refused})
			continue
		}
		out.Methods = append(out.Methods, method{m.Name, m.TTFT, m.Decode, m.Kept, m.PrefillVsLibllama, m.DecodeVsLibllama, m.Overhead, m.Applied, m.Times})
	}
	return json.Marshal(out)
}

// Print writes the report for a person.
func (r *Report) Print(out io.Writer) error {
	fmt.Fprintf(out, "%s on %s (%s, %d threads), libllama %s beside it\n", r.Model, r.Device.ID, r.Device.Backend, r.Device.Threads, r.Libllama)
	prompt := fmt.Sprintf("%d tokens", r.PromptTokens)
	if r.VisualTokens > 0 {
		prompt += fmt.Sprintf(" (%d visual)", r.VisualTokens)
	}
	fmt.Fprintf(out, "prompt of %s, %d tokens decoded, %s keys and values, %d alternating runs\n\n", prompt, r.DecodeTokens, r.KV, r.Runs)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "measured\tprefill ms\ttokens/s\tdecode ms\ttokens/s\tpeak MB")
	row := func(name string, t Times, m []Memory) {
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%s\t%.1f\t%s\n", name, t.PrefillMS.text(1), t.PrefillTokens, t.DecodeMS.text(2), t.DecodeTokens, megabytes(m))
	}
	row("libllama", r.Peer, r.PeerMemory)
	row("winnow, dense", r.Dense, r.DenseMemory)
	for _, m := range r.Methods {
		if m.Refused == "" {
			row("winnow, "+m.Name, m.Times, nil)
		}
	}
	w.Flush()
	fmt.Fprintln(out, "median (quarter to three quarters of the runs); decode is a token")
	fmt.Fprintln(out)
	fmt.Fprintln(w, "winnow over libllama\tratio\t")
	fmt.Fprintf(w, "prefill speed\t%s\tabove 1: winnow is faster\n", r.Ratios.Prefill.text(3))
	fmt.Fprintf(w, "decode speed\t%s\tabove 1: winnow is faster\n", r.Ratios.Decode.text(3))
	if r.Ratios.Memory != nil {
		fmt.Fprintf(w, "peak memory\t%s\tbelow 1: winnow takes less; each engine alone in a process\n", r.Ratios.Memory.text(3))
	}
	w.Flush()
	fmt.Fprintln(out)
	fmt.Fprintln(w, "methods at their defaults\tprefill over dense\tdecode over dense\tvisual tokens in the last layer\tselection\tapplying")
	for _, m := range r.Methods {
		if m.Refused != "" {
			fmt.Fprintf(w, "%s\t%s\t\t\t\t\n", m.Name, m.Refused)
			continue
		}
		kept, overhead, applied := "none in this task", "not measured", "not measured"
		if r.VisualTokens > 0 {
			kept = fmt.Sprintf("%.0f %%", 100*m.Kept)
		}
		if m.Overhead != nil {
			overhead, applied = fmt.Sprintf("%.2f %%", 100**m.Overhead), fmt.Sprintf("%.2f %%", 100**m.Applied)
		}
		fmt.Fprintf(w, "%s\t%.2f×\t%.2f×\t%s\t%s\t%s\n", m.Name, m.TTFT, m.Decode, kept, overhead, applied)
	}
	w.Flush()
	if len(r.Selection) > 0 {
		fmt.Fprintf(out, "\nselection: reading the probes and deciding, over the time of the layers decided in; applying: moving\n"+
			"cache rows and gathering neurons, once for all decode steps, over the same. Measured on %d layers of\n"+
			"LLaVA-1.5-7B's shape (q8_0 noise, %d visual tokens), in a process of its own\n", llava.Layers, llava.Side*llava.Side)
		for _, s := range r.Selection {
			if s.Refused == "" {
				fmt.Fprintf(w, "%s\tchoosing %s ms\tapplying %s ms\tof %s ms\tin %d layers\n", s.Name, s.SelectMS.text(2), s.ApplyMS.text(2), s.LayersMS.text(0), s.Layers)
			}
		}
	}
	return w.Flush()
}

func (s Stat) text(digits int) string {
	return fmt.Sprintf("%.*f (%.*f–%.*f)", digits, s.Median, digits, s.Low, digits, s.High)
}

func megabytes(m []Memory) string {
	if len(m) == 0 {
		return ""
	}
	v := make([]float64, len(m))
	for i := range m {
		v[i] = float64(m[i].Peak) / 1e6
	}
	return fmt.Sprintf("%.0f", stat(v).Median)
}
