package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"winnow/app/judge"
	"winnow/internal/trace"
)

// drawJSON is what --json of draw prints, and that of open for a drawing.
type drawJSON struct {
	Prompt   string  `json:"prompt"`
	Model    string  `json:"model"`
	Device   string  `json:"device"`
	Seed     uint64  `json:"seed"`
	Solver   string  `json:"solver"`
	Guidance float64 `json:"guidance"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	// Tokens of the denoiser, of which a step's Kept are computed.
	Tokens  int          `json:"tokens"`
	Methods []trace.Spec `json:"methods"`
	// Dense and Pruned are null where they were not drawn; Pruned is the first --method.
	Dense  *drawnJSON `json:"dense"`
	Pruned *drawnJSON `json:"pruned"`
	// PSNR (dB) and SSIM of pruned against dense; PSNR is null where the pictures are equal.
	PSNR *float64 `json:"psnr"`
	SSIM *float64 `json:"ssim"`
	// Sides are all pruned ones, where there are several.
	Sides []drawnSideJSON `json:"sides,omitempty"`

	TextSeconds     float64  `json:"text_seconds"` // measured, once for all sides
	Notices         []string `json:"notices,omitempty"`
	Cancelled       bool     `json:"cancelled,omitempty"`
	Error           string   `json:"error,omitempty"`
	TotalMS         float64  `json:"total_ms"`
	PeakMemoryBytes int64    `json:"peak_memory_bytes"`
}

type drawnJSON struct {
	NFE           int     `json:"nfe"`            // counted
	Seconds       float64 `json:"seconds"`        // measured, without the text
	SelectSeconds float64 `json:"select_seconds"` // measured, part of Seconds
	FLOPs         int64   `json:"flops"`          // counted
	CacheBytes    int64   `json:"cache_bytes"`    // counted
	Ended         string  `json:"ended"`
	// Steps are those of a pruned side.
	Steps []stepJSON `json:"steps,omitempty"`
	// Seen is what the built-in VLM says of the picture; absent where it did not look.
	Seen []trace.Fact `json:"seen,omitempty"`
}

type stepJSON struct {
	Kind string `json:"kind"` // full, token, skip, lagrange
	Kept int    `json:"kept"` // tokens computed
	// Criterion is what the step said of the next one; null where no method looked.
	Criterion *float64 `json:"criterion"`
	MS        float64  `json:"ms"`
}

type drawnSideJSON struct {
	Side    string       `json:"side"`
	Label   string       `json:"label"`
	Methods []trace.Spec `json:"methods"`
	PSNR    *float64     `json:"psnr"`
	SSIM    *float64     `json:"ssim"`
	Result  *drawnJSON   `json:"result"`
}

func (rec *recording) drawResult() drawJSON {
	j := drawResultOf(rec.state)
	if rec.err != nil {
		j.Error = rec.err.Error()
	}
	return j
}

func drawResultOf(s *trace.State) drawJSON {
	j := drawJSON{Model: s.Request.Model, Device: s.Request.Device, Methods: s.Request.Methods, Dense: drawnOf(s.Dense), Pruned: drawnOf(s.Pruned),
		Notices: s.Notices, Cancelled: s.Cancelled, Error: s.Error, TotalMS: s.TotalMS, PeakMemoryBytes: s.PeakMemory}
	if d := s.Request.Draw; d != nil {
		j.Prompt, j.Seed, j.Solver, j.Guidance = d.Prompt, d.Seed, d.Solver, d.Guidance
	}
	if s.Model != nil {
		j.Model, j.Device = s.Model.Name, s.Model.Device
	}
	if d := s.Drawing; d != nil {
		j.Width, j.Height, j.Tokens, j.TextSeconds = d.Width, d.Height, d.Rows*d.Cols, d.TextMS/1000
	}
	if j.Methods == nil {
		j.Methods = []trace.Spec{}
	}
	if p := s.Pruned; p != nil && p.Drawn != nil {
		j.PSNR, j.SSIM = finite(p.Drawn.PSNR), finite(p.Drawn.SSIM)
	}
	stacks := s.Request.Stacks()
	for _, d := range s.Sides {
		if len(stacks) < 2 || d.Index >= len(stacks) {
			continue
		}
		one := drawnSideJSON{Side: d.Name, Label: d.Label, Methods: stacks[d.Index].Methods, Result: drawnOf(d)}
		if d.Drawn != nil {
			one.PSNR, one.SSIM = finite(d.Drawn.PSNR), finite(d.Drawn.SSIM)
		}
		j.Sides = append(j.Sides, one)
	}
	return j
}

func drawnOf(d *trace.Side) *drawnJSON {
	if d == nil || d.Drawn == nil {
		return nil
	}
	m := d.Drawn
	j := &drawnJSON{NFE: m.NFE, Seconds: m.MS / 1000, SelectSeconds: m.SelectMS / 1000, FLOPs: m.FLOPs, CacheBytes: m.CacheBytes, Ended: m.Ended}
	if d.Seen != nil {
		j.Seen = d.Seen.Facts
	}
	if d.Name == trace.Dense {
		return j
	}
	for _, s := range d.Denoised {
		j.Steps = append(j.Steps, stepJSON{s.Kind, s.Kept, finite(s.Criterion), s.MS})
	}
	return j
}

// printDrawing writes what was drawn, how each side got its steps, and what it took.
func printDrawing(w io.Writer, s *trace.State) {
	if s.Model != nil {
		fmt.Fprintln(w, modelLine(s.Model))
	}
	if d, r := s.Drawing, s.Request.Draw; d != nil && r != nil {
		fmt.Fprintf(w, "drawing  %d × %d pixels, %d × %d tokens, %d steps of %s, guidance %g, seed %d\n", d.Width, d.Height, d.Rows, d.Cols, d.Steps, line(d.Solver), r.Guidance, r.Seed)
	}
	if len(s.Sides) > 0 {
		names := live{labels: s.Request.Labels()}
		fmt.Fprintln(w)
		for _, d := range s.Sides {
			fmt.Fprintf(w, "%s%s\n", names.heading(d.Name), strip(d))
		}
		fmt.Fprintf(w, "%s■ all tokens, ▒ some tokens, · skipped, ~ extrapolated from several steps\n", indent)
	}
	printDrawn(w, s)
	printSeen(w, s)
}

// printSeen writes what the built-in VLM sees of what was asked for.
func printSeen(w io.Writer, s *trace.State) {
	var sides []judge.Named
	add := func(name string, d *trace.Side) {
		if d != nil && d.Seen != nil {
			sides = append(sides, judge.Named{Name: name, Facts: d.Seen.Facts})
		}
	}
	add(trace.Dense, s.Dense)
	for _, d := range s.Sides {
		name := d.Name
		if labels := s.Request.Labels(); len(labels) > 1 && d.Index < len(labels) {
			name = labels[d.Index]
		}
		add(name, d)
	}
	sees, misses := judge.Sum(sides)
	if sees != "" {
		fmt.Fprintf(w, "\nThe built-in VLM sees: %s\n", line(sees))
	}
	if misses != "" {
		fmt.Fprintf(w, "  but %s\n", line(misses))
	}
}

var stepMarks = map[string]string{trace.StepFull: "■", trace.StepToken: "▒", trace.StepSkip: "·", trace.StepLagrange: "~"}

// strip shows the steps of a side, a character each.
func strip(d *trace.Side) string {
	var b strings.Builder
	for _, s := range d.Denoised {
		mark, ok := stepMarks[s.Kind]
		if !ok {
			mark = "?"
		}
		b.WriteString(mark)
	}
	return b.String()
}

// printDrawn writes the numbers of all sides, with how they compare with dense.
func printDrawn(w io.Writer, s *trace.State) {
	if s.Dense == nil || s.Dense.Drawn == nil {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\n\t\tdense")
	labels := s.Request.Labels()
	for _, d := range s.Sides {
		label := d.Name
		if len(labels) > 1 && d.Index < len(labels) {
			label = labels[d.Index]
		}
		fmt.Fprintf(t, "\t%s\t", line(label))
	}
	fmt.Fprintln(t)
	dense := s.Dense.Drawn
	for _, row := range []struct {
		label, basis, unit string
		of                 func(*trace.Drawn) float64
		compared           string // fewer, faster, or not
	}{
		{"Evaluations", trace.Counted, "", func(d *trace.Drawn) float64 { return float64(d.NFE) }, "fewer"},
		{"Time", trace.Measured, "s", func(d *trace.Drawn) float64 { return d.MS / 1000 }, "faster"},
		{"  of it choosing", trace.Measured, "ms", func(d *trace.Drawn) float64 { return d.SelectMS }, ""},
		{"Arithmetic", trace.Counted, "FLOPs", func(d *trace.Drawn) float64 { return float64(d.FLOPs) }, "fewer"},
	} {
		fmt.Fprintf(t, "%s\t%s\t%s", row.label, row.basis, strings.TrimSpace(trace.Quantity(row.of(dense), row.unit)))
		for _, d := range s.Sides {
			if d.Drawn == nil {
				fmt.Fprint(t, "\t–\t")
				continue
			}
			a, b := row.of(dense), row.of(d.Drawn)
			text := ""
			switch {
			case !(a > 0 && b > 0) || row.compared == "":
			case row.compared == "faster" && b <= a:
				text = fmt.Sprintf("%.2f× faster", a/b)
			case row.compared == "faster":
				text = fmt.Sprintf("%.2f× slower", b/a)
			default:
				text = fmt.Sprintf("%.0f %%", 100*b/a)
			}
			fmt.Fprintf(t, "\t%s\t%s", strings.TrimSpace(trace.Quantity(b, row.unit)), text)
		}
		fmt.Fprintln(t)
	}
	printLikeness(t, s)
	t.Flush()
}

// printLikeness writes how close the pruned pictures are to the dense one.
func printLikeness(w io.Writer, s *trace.State) {
	if len(s.Sides) == 0 {
		return
	}
	psnr, ssim := "PSNR\tcomputed\t", "SSIM\tcomputed\t"
	for _, d := range s.Sides {
		p, q := "–", "–"
		if d.Drawn != nil {
			if v := finite(d.Drawn.SSIM); v != nil {
				q, p = strconv.FormatFloat(*v, 'f', 4, 64), "equal"
			}
			if v := finite(d.Drawn.PSNR); v != nil {
				p = strconv.FormatFloat(*v, 'f', 2, 64) + " dB"
			}
		}
		psnr, ssim = psnr+"\t"+p+"\t", ssim+"\t"+q+"\t"
	}
	fmt.Fprintf(w, "%s\n%s\n", psnr, ssim)
}
