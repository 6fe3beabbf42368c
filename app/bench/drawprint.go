package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Print writes the report for a person.
func (r *Drawings) Print(out io.Writer) error {
	fmt.Fprintf(out, "%s on %s: %d prompts, %d steps, guidance %g, seed %d; %s answers %d questions about each side's pictures\n\n",
		r.Model, r.Device, r.Runs, r.Steps, r.Guidance, r.Seed, r.Judge, r.Facts)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "solver\tmethod\tspeed over dense\tevaluations\tFLOPs\tPSNR dB (least)\tSSIM\tfacts seen\tover dense (95 %)")
	fmt.Fprintln(w, "\t\tmeasured\tcounted\tcounted\tcomputed\tcomputed\tmeasured\t")
	for _, s := range r.Solvers {
		d := s.CaptionDifference
		fmt.Fprintf(w, "%s\tdense\t1\t1\t1\t\t\t%.1f %%\t\n", s.Name, 100*s.CaptionDense)
		fmt.Fprintf(w, "\t%s\t%s\t÷ %.2f\t÷ %.2f\t%s\t%s\t%.1f %%\t%+.1f (%+.1f to %+.1f)\n", s.Method, s.SpeedupOf.text(2), s.NFERatio, s.FLOPsRatio,
			s.Likeness.psnr(), decimal(s.SSIM, 4), 100*s.CaptionPruned, 100*d.Mean, 100*d.Low, 100*d.High)
		if f := s.Fewer; f != nil {
			fmt.Fprintf(w, "\tdense, %.0f steps\t%.2f\t÷ %.2f\t\t%s\t%s\t%.1f %%\t\n", f.Steps.Median, f.Speedup, over(float64(r.Steps), f.Steps.Median),
				f.Likeness.psnr(), decimal(f.SSIM, 4), 100*f.Caption)
		}
	}
	w.Flush()
	for _, s := range r.Solvers {
		if t := s.Token; t != nil {
			fmt.Fprintf(out, "%s, %s: %d steps on some tokens (median %.0f %% of them) took %s ms, steps on all %s ms, measured without choosing.\n",
				s.Name, s.Method, t.Steps, 100*t.Kept, t.MS.text(1), t.FullMS.text(1))
		}
	}
	if r.Denoiser != nil {
		printDenoiser(out, r.Denoiser)
	}
	_, err := fmt.Fprintf(out, "\nMedian (quarter to three quarters of the prompts); PSNR and SSIM to the dense picture, means. Facts: is it there, where, which colour.\n"+
		"Of painted scenes of the same objects at this size the judge sees %.1f %%.\n", 100*r.CaptionPainted)
	return err
}

func (l Likeness) psnr() string {
	if l.PSNR == nil {
		return "equal"
	}
	return decimal(l.PSNR, 1) + " (" + decimal(l.PSNRLeast, 1) + ")"
}

func decimal(v *float64, digits int) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.*f", digits, *v)
}
