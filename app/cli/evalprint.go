package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"winnow/app/bench"
	"winnow/app/eval"
	"winnow/assets/scenes"
)

// evalColumns are the measured columns of the first table, their titles in two lines.
var evalColumns = []struct {
	metric     eval.Metric
	top, below string
}{{eval.ExistRandom, "exist", "random"}, {eval.ExistPopular, "exist", "popular"}, {eval.ExistAdversarial, "exist", "advers."}, {eval.Where, "where", ""},
	{eval.What, "what", ""}, {eval.Colour, "colour", ""}, {eval.Count, "count", ""}, {eval.Relation, "relation", ""},
	{eval.Overall, "mean of", "the eight"}, {eval.Agreement, "same as", "dense"}}

// printEval writes a report for a person.
func printEval(out io.Writer, r *eval.Report) error {
	fmt.Fprintf(out, "%s on %s (%s): %d scenes, %d questions a side; %s\n", line(r.Model), r.Device.ID, r.Device.Backend, r.N, r.Questions, line(r.Scenes))
	for _, n := range r.Notes {
		fmt.Fprintln(out, "note: "+line(n))
	}
	printRight(out, r)
	printCaptions(out, r)
	printPOPE(out, r)
	printPaired(out, r)
	_, err := fmt.Fprintln(out, "\nMeasured: shares of right answers, greedy and in full. Counted: visual tokens (mean over the layers), prefill FLOPs and cache bytes as\n"+
		"shares of dense, means over the questions. Random has the same share of what a method leaves out. Intervals: 95 %, from resampling\n"+
		"scenes. Clearly better, or worse: the interval leaves zero out and the sign test over scenes says p < 0.05.")
	return err
}

// evalRows calls f for each side: dense, and each stack followed by its random.
func evalRows(r *eval.Report, f func(name string, s *eval.Score)) {
	f("dense", &r.Dense)
	for i := range r.Methods {
		m := &r.Methods[i]
		f(line(m.Name), &m.Score)
		if m.Random != nil {
			f("  random, same budget", m.Random)
		}
	}
}

// evalShare writes a metric in percent, a dash where it was not asked.
func evalShare(s *eval.Score, m eval.Metric) string {
	if v, ok := s.Of[m]; ok {
		return fmt.Sprintf("%.1f", 100*v.Value)
	}
	return "–"
}

func printRight(out io.Writer, r *eval.Report) {
	fmt.Fprintln(out, "\nRight answers in %, measured; costs in % of dense, counted")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	top, below := " \t", " \t"
	for _, c := range evalColumns {
		top, below = top+c.top+"\t", below+c.below+"\t"
	}
	fmt.Fprintf(w, "%svisual\tprefill\tKV\t\n%skept\tFLOPs\tbytes\t\n", top, below)
	evalRows(r, func(name string, s *eval.Score) {
		fmt.Fprintf(w, "%s\t", name)
		for _, c := range evalColumns {
			fmt.Fprintf(w, "%s\t", evalShare(s, c.metric))
		}
		fmt.Fprintf(w, "%.1f\t%.1f\t%.1f\t\n", 100*s.Kept, 100*s.FLOPs, 100*s.KV)
	})
	w.Flush()
}

func printCaptions(out io.Writer, r *eval.Report) {
	if _, ok := r.Dense.Of[eval.ChairS]; !ok {
		return
	}
	fmt.Fprintln(out, "\nCaptions, measured: hallucinated of all mentioned objects (CHAIR_i), captions with one (CHAIR_s), in %")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, " \tCHAIR_i\tCHAIR_s\trecall\tobjects a caption\t")
	evalRows(r, func(name string, s *eval.Score) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.2f\t\n", name, evalShare(s, eval.ChairI), evalShare(s, eval.ChairS), evalShare(s, eval.Recall), s.Of[eval.Mentioned].Value)
	})
	w.Flush()
}

func printPOPE(out io.Writer, r *eval.Report) {
	fmt.Fprintln(out, "\nExistence (POPE), measured, in %: accuracy / precision / recall / F1 / answered yes")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, " \trandom\tpopular\tadversarial\tfalse yes, adversarial")
	evalRows(r, func(name string, s *eval.Score) {
		fmt.Fprint(w, name)
		for _, setting := range []string{scenes.Random, scenes.Popular, scenes.Adversarial} {
			p := s.Exist[setting]
			for i, v := range []float64{float64(p.Accuracy), float64(p.Precision), float64(p.Recall), float64(p.F1), float64(p.YesRatio)} {
				fmt.Fprint(w, []string{"\t", " / "}[min(i, 1)])
				if p.Asked == 0 || v != v { // nobody asked, or never a yes
					fmt.Fprint(w, "–")
				} else {
					fmt.Fprintf(w, "%.0f", 100*v)
				}
			}
		}
		fmt.Fprintf(w, "\t%s\n", evalShare(s, eval.FalseYes))
	})
	w.Flush()
}

// printPaired says how each stack differs from dense and from random.
func printPaired(out io.Writer, r *eval.Report) {
	if len(r.Methods) == 0 {
		return
	}
	fmt.Fprintln(out, "\nPaired differences in points, above zero where the method is better (95 % interval)")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "method\tof\tover dense\tsign test, verdict\tover random\tsign test, verdict")
	for _, m := range r.Methods {
		for _, of := range []struct {
			metric eval.Metric
			title  string
		}{{eval.Overall, "mean of the eight"}, {eval.ExistAdversarial, "exist, adversarial"}, {eval.FalseYes, "false yes, adversarial"}, {eval.ChairI, "CHAIR_i"}} {
			d, ok := m.OverDense[of.metric]
			if !ok {
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s", line(m.Name), of.title, difference(d))
			if v, ok := m.OverRandom[of.metric]; ok && m.Budget != "" {
				fmt.Fprintf(w, "\t%s", difference(v))
			} else if m.Random != nil {
				fmt.Fprint(w, "\tnothing less than dense\t")
			}
			fmt.Fprintln(w)
		}
	}
	w.Flush()
	for _, m := range r.Methods {
		if m.Budget != "" && m.Random != nil {
			fmt.Fprintf(out, "%s left %.1f %% of the %s, its random %.1f %%.\n", line(m.Name), 100*m.Share, m.Budget, 100*m.RandomShare)
		}
	}
}

func difference(p bench.Paired) string {
	return fmt.Sprintf("%+.1f (%+.1f to %+.1f)\tp = %.2g, %s", 100*p.Mean, 100*p.Low, 100*p.High, p.P, p.Verdict)
}
