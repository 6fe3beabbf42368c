package cli

import (
	"fmt"
	"image/png"
	"io"

	"winnow/app/eval"
	"winnow/vision/figure"
)

// drawEval draws quality against cost: what answers and captions are worth, over prefill and cache.
func drawEval(w io.Writer, r *eval.Report) error {
	p := figure.Plot{Title: fmt.Sprintf("Quality against cost: %s", line(r.Model)),
		Subtitle: fmt.Sprintf("%d scenes, %d questions a side; %s", r.N, r.Questions, line(r.Scenes)),
		Notes:    append([]string{"Quality is measured, cost is counted; both in %. Points of the same cost stand side by side."}, r.Notes...)}
	for _, m := range r.Methods {
		p.Names = append(p.Names, line(m.Name))
	}
	for _, cost := range []struct {
		title string
		of    func(*eval.Score) float64
	}{{"prefill FLOPs, % of dense", func(s *eval.Score) float64 { return s.FLOPs }}, {"KV cache bytes, % of dense", func(s *eval.Score) float64 { return s.KV }}} {
		for _, q := range []struct {
			metric eval.Metric
			title  string
		}{{eval.Overall, "Right answers, mean of the kinds (higher is better)"}, {eval.ExistAdversarial, "Existence, adversarial (higher is better)"}, {eval.ChairI, "Hallucinated objects, CHAIR_i (lower is better)"}} {
			panel := figure.Panel{Title: q.title, Cost: cost.title}
			add := func(side int, random bool, s *eval.Score) {
				if v, ok := s.Of[q.metric]; ok {
					panel.Spots = append(panel.Spots, figure.Spot{Side: side, Random: random, Cost: cost.of(s), Value: v.Value, Low: v.Low, High: v.High})
				}
			}
			add(-1, false, &r.Dense)
			for i := range r.Methods {
				add(i, false, &r.Methods[i].Score)
				if r.Methods[i].Random != nil && r.Methods[i].Budget != "" {
					add(i, true, r.Methods[i].Random)
				}
			}
			p.Panels = append(p.Panels, panel)
		}
	}
	img, err := figure.RenderPlot(p, figure.Options{Light: true})
	if err != nil {
		return err
	}
	return png.Encode(w, img)
}
