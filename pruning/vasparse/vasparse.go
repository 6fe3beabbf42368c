package vasparse

import (
	"fmt"

	"winnow/pruning"
)

func init() {
	pruning.Register(pruning.Info{
		Name:   "vasparse",
		Title:  "VASparse",
		Budget: "keep",
		Paper:  "Zhuang et al., VASparse: Towards Efficient Visual Hallucination Mitigation via Visual-Aware Token Sparsification, CVPR 2025, arXiv 2501.06553",
		Removes: "cached rows from the attention of each decode step, and the language prior from the logits; " +
			"the released code merges generated rows instead",
		Stages:     []pruning.Phase{pruning.Decode},
		Provenance: pruning.AuthorsCode,
	}, func() pruning.Method { return new(VASparse) })
}

// VASparse holds the parameters of both modes, with the authors' defaults.
type VASparse struct {
	Mode   string  `param:"mode,paper|release,paper" help:"the paper's rules, or what the released code does"`
	Keep   float64 `param:"keep,0..1,0.9" help:"paper: share of the cached rows that a step attends to; release: share of the generated rows that a merge leaves"`
	Lambda float64 `param:"lambda,0..,0.1" help:"weight of a row's visual saliency beside its attention"`
	Beta   float64 `param:"beta,0..,0.1" help:"paper: how far attention sinks fall behind other rows; the released code has none of it"`

	Score      string `param:"score,prob|raw|scaled,prob" help:"paper: what is squared beside saliency: the attention, q·k as in the paper, or q·k/√d"`
	Sets       string `param:"sets,heads|shared,heads" help:"paper: rows are chosen by each head, or once by the mean of their scores"`
	Saliency   string `param:"saliency,last_head|mean,last_head" help:"whose attention to the picture counts: the last head's, or the heads' mean"`
	KeepNewest bool   `param:"keep_newest,,true" help:"paper: the new row always sees itself"`
	Recycle    string `param:"recycle,none|mean|sum,none" help:"paper: hidden rows take part as one row a cluster; needs sets=shared"`
	Clusters   int    `param:"clusters,1..64,1" help:"paper: into how many clusters recycle puts the hidden rows"`

	Contrast string  `param:"contrast,always|word|off,always" help:"hold the language prior against the logits: at every token, or where a word has ended"`
	Alpha    float64 `param:"alpha,0..,0.1" help:"weight of the language prior"`
	Source   int     `param:"source,0..,0" unit:"layers" help:"the prior is read after this many layers; 0 is the embedding"`
	Cut      float64 `param:"cut,0..1,0.1" help:"candidates less probable than this share of the best are ruled out"`

	Prefill     string  `param:"prefill,off|mask,off" help:"release: hide the prompt's visual tokens of low rank from decoding"`
	PrefillKeep float64 `param:"prefill_keep,0..1,0.5" help:"release: share of the visual tokens that prefill=mask keeps, always one less than all"`
	Sentence    int     `param:"sentence,0..,16" unit:"tokens" help:"release: merge when so many more tokens are generated; 0 is never"`
	MergeLayers string  `param:"merge_layers,all|one,all" help:"release: each merge is made in all layers, or, as in the code, in one layer after the other"`
	Positions   string  `param:"positions,original|length,original" help:"release: after a merge rows keep counting, or count from the length of the cache as in the code"`
}

// plan is which parts the parameters switch on.
type plan struct {
	selects, reweighs bool // in the attention of each decode step
	masks             bool // the prompt, after prefill
	merges            bool // generated rows
	contrasts         bool
}

// attends: the method looks at each attention.
func (p plan) attends() bool { return p.selects || p.reweighs }

func (v *VASparse) plan() plan {
	if v.Mode == "release" {
		return plan{
			masks:     v.Prefill == "mask",
			merges:    v.Sentence > 0 && v.Keep < 1,
			contrasts: v.Contrast != "off",
		}
	}
	return plan{
		selects:   v.Keep < 1,
		reweighs:  v.Beta > 0,
		contrasts: v.Contrast != "off" && (v.Alpha > 0 || v.Cut > 0),
	}
}

// salient: P takes part in what is chosen.
func (v *VASparse) salient() bool {
	p := v.plan()
	return v.Lambda > 0 && (p.selects || p.masks)
}

func receivedProbe(layer int) pruning.Probe {
	return pruning.Probe{What: pruning.Attention, Layer: layer, Reduce: pruning.ColumnHeads}
}

func massProbe(layer int) pruning.Probe {
	return pruning.Probe{What: pruning.Attention, Layer: layer, Reduce: pruning.VisualMassHeads}
}

func dotProbe(layer int) pruning.Probe {
	return pruning.Probe{What: pruning.AttentionLogits, Layer: layer}
}

func logitsProbe(m pruning.Model) pruning.Probe {
	return pruning.Probe{What: pruning.Logits, Layer: m.Layers - 1, Rows: pruning.Select{Kind: pruning.LastRow}}
}

func (v *VASparse) priorProbe() pruning.Probe {
	return pruning.Probe{What: pruning.LogitLens, Layer: v.Source - 1}
}

// prefillProbes are those of a prefill site, none where it need not be visited.
func (v *VASparse) prefillProbes(m pruning.Model, layer int) []pruning.Probe {
	p := v.plan()
	var out []pruning.Probe
	if p.reweighs || p.masks {
		out = append(out, receivedProbe(layer))
	}
	if v.salient() && (p.masks || layer == m.Layers-1) {
		out = append(out, massProbe(layer))
	}
	return out
}

// Requests asks for what prefill attended to, for the logits of each decode step's attentions,
// and for both kinds of next-token logits.
func (v *VASparse) Requests(m pruning.Model) ([]pruning.Request, error) {
	p := v.plan()
	if p.contrasts && v.Source >= m.Layers {
		return nil, fmt.Errorf("source %d of vasparse is not before the model's last of %d layers: choose 0 to %d", v.Source, m.Layers, m.Layers-1)
	}
	if p.selects && v.Recycle != "none" && v.Sets != "shared" {
		return nil, fmt.Errorf("recycle=%s of vasparse makes clusters for all heads at once: choose sets=shared", v.Recycle)
	}
	var out []pruning.Request
	for l := range m.Layers {
		if probes := v.prefillProbes(m, l); len(probes) > 0 {
			out = append(out, pruning.Request{Site: pruning.Site{Phase: pruning.Prefill, Layer: l}, Probes: probes})
		}
	}
	if p.attends() || p.merges {
		for l := range m.Layers {
			r := pruning.Request{Site: pruning.Site{Phase: pruning.Decode, Layer: l, At: pruning.InAttention}}
			if p.attends() {
				r.Probes = []pruning.Probe{dotProbe(l)}
			}
			out = append(out, r)
		}
	}
	if p.contrasts {
		out = append(out, pruning.Request{
			Site:   pruning.Site{Phase: pruning.Decode, Layer: m.Layers - 1, At: pruning.OnLogits},
			Probes: []pruning.Probe{logitsProbe(m), v.priorProbe()},
		})
	}
	return out, nil
}

// Claims lists masks, factors and merges in every layer, and the logits.
func (v *VASparse) Claims(m pruning.Model) []pruning.Claim {
	p := v.plan()
	var out []pruning.Claim
	for l := range m.Layers {
		for _, c := range []struct {
			on   bool
			kind string
		}{
			{p.selects || p.masks, "mask"},
			{p.reweighs, "reweigh"},
			{p.merges || p.selects && v.Recycle != "none", "merge"},
		} {
			if c.on {
				out = append(out, pruning.Claim{Kind: c.kind, Phase: pruning.Decode, Layer: l})
			}
		}
	}
	if p.contrasts {
		out = append(out, pruning.Claim{Kind: "logits", Phase: pruning.Decode, Layer: m.Layers - 1})
	}
	return out
}

// Decide applies the parts that the site is for.
func (v *VASparse) Decide(s pruning.Seen) (pruning.Outcome, error) {
	p := v.plan()
	mem, _ := s.Memory.(memory)
	switch {
	case s.Site.Phase == pruning.Prefill && s.Site.At == pruning.LayerEnd:
		return v.prefill(s, mem)
	case s.Site.At == pruning.OnLogits && p.contrasts:
		return v.logits(s, mem)
	case s.Site.At == pruning.InAttention && p.attends():
		return v.step(s, mem)
	case s.Site.At == pruning.InAttention && p.merges:
		return v.sentence(s, mem), nil
	}
	return pruning.Outcome{Memory: s.Memory}, nil
}

// shaped returns what a probe saw, checked for shape and broken numbers.
func shaped(s pruning.Seen, p pruning.Probe, rows, cols int) (pruning.Matrix, error) {
	m, err := s.Value(p)
	if err != nil {
		return m, err
	}
	if m.Rows != rows || m.Cols != cols {
		return m, fmt.Errorf("%v is %d × %d, vasparse takes %d × %d there", p, m.Rows, m.Cols, rows, cols)
	}
	return m, m.Finite(p)
}
