package zipvl

import (
	"fmt"
	"strconv"

	"winnow/pruning"
)

func init() {
	pruning.Register(pruning.Info{
		Name:   "zipvl",
		Title:  "ZipVL",
		Budget: "tau",
		Paper:  "He et al., ZipVL: Efficient Large Vision-Language Models with Dynamic Token Sparsification, ICCV 2025, arXiv 2410.08584",
		Removes: "tokens from each layer's attention in prefill, a number of its own in every layer, and their KV entries " +
			"(evicted, or stored in fewer bits); the answer's KV entries every 100 tokens",
		Stages:     []pruning.Phase{pruning.Prefill, pruning.Decode},
		Provenance: pruning.Reconstruction,
	}, func() pruning.Method { return new(ZipVL) })
}

// ZipVL holds the parameters of both versions of the paper.
type ZipVL struct {
	Tau float64 `param:"tau,0.5..1,0.975" help:"share of a layer's attention that its important tokens could hold; the paper's aggressive setting is 0.96"`
	KV  string  `param:"kv,evict|mixed|keep,evict" help:"the other tokens' cached rows are evicted (version 2), stored in fewer bits (version 1), or kept"`

	Probes string `param:"probes,auto|exact|sampled,auto" help:"rows whose attention is looked at: all, or recent and random ones; auto samples above 256 rows"`
	Recent int    `param:"recent,1..4096,64" unit:"rows" help:"sampled: so many recent rows, and as many random others"`
	Norm   string `param:"norm,nnz|causal_len,nnz" help:"a token's attention is divided by the probe rows that may see it, or by all rows that may (ZipCache)"`
	Last   bool   `param:"protect_last,,true" help:"the last row, from which the answer starts, always counts as important; the paper does without"`

	BitsImportant string `param:"bits_important,2|4|8,4" unit:"bits" help:"mixed: storage of important tokens"`
	BitsOther     string `param:"bits_other,2|4|8,2" unit:"bits" help:"mixed: storage of the others"`
	Recompress    int    `param:"recompress,0..,100" unit:"tokens" help:"evict, mixed: the answer's cached rows are judged whenever so many have gathered; 0 is never"`

	FirstLayer int `param:"first,-1..,-1" help:"first layer that selects, from 0; -1 is the model's first"`
	LastLayer  int `param:"last,-1..,-1" help:"last such layer; -1 is the model's last"`
}

const (
	// exactUpTo is how many rows probes=auto looks at without sampling.
	exactUpTo = 256
	// probeSeed draws the random probe rows, the same in every run.
	probeSeed = 1
)

// layers resolves first and last, both inclusive.
func (z *ZipVL) layers(m pruning.Model) (first, last int, err error) {
	first, last = max(z.FirstLayer, 0), z.LastLayer
	if last < 0 {
		last = m.Layers - 1
	}
	if first > last || last >= m.Layers {
		return 0, 0, fmt.Errorf("first and last of zipvl give layers %d to %d, the model has layers 0 to %d: choose from those, first not after last",
			first, last, m.Layers-1)
	}
	return first, last, nil
}

// dense: nothing is left out and nothing is stored otherwise.
func (z *ZipVL) dense() bool { return z.Tau >= 1 && z.KV != "mixed" }

// recompresses: the answer's own rows are judged too.
func (z *ZipVL) recompresses() bool { return z.KV != "keep" && z.Recompress > 0 }

// probe is the attention that each token receives from the probe rows.
func (z *ZipVL) probe(layer int) pruning.Probe {
	rows := pruning.Select{}
	if z.Probes != "exact" {
		rows = pruning.Select{Kind: pruning.TailAndRandom, N: z.Recent, Seed: probeSeed}
		if z.Probes == "auto" {
			rows.Above = exactUpTo
		}
	}
	return pruning.Probe{What: pruning.Attention, Layer: layer, Rows: rows, Reduce: pruning.ColumnMean}
}

func logitsProbe(layer int) pruning.Probe {
	return pruning.Probe{What: pruning.AttentionLogits, Layer: layer}
}

// Requests asks, in each layer, for the attention that its tokens receive in prefill, and while
// decoding, whenever a window is full, for the attention logits of the new row.
func (z *ZipVL) Requests(m pruning.Model) ([]pruning.Request, error) {
	first, last, err := z.layers(m)
	if err != nil || z.dense() {
		return nil, err
	}
	var out []pruning.Request
	for l := first; l <= last; l++ {
		out = append(out, pruning.Request{
			Site:   pruning.Site{Phase: pruning.Prefill, Layer: l, At: pruning.InAttention},
			Probes: []pruning.Probe{z.probe(l)},
		})
	}
	for l := first; l <= last && z.recompresses(); l++ {
		out = append(out, pruning.Request{
			Site:   pruning.Site{Phase: pruning.Decode, Layer: l, At: pruning.InAttention},
			Probes: []pruning.Probe{logitsProbe(l)},
			Every:  z.Recompress,
		})
	}
	return out, nil
}

// Claims lists the exclusion and what becomes of the cache in each layer.
func (z *ZipVL) Claims(m pruning.Model) []pruning.Claim {
	first, last, err := z.layers(m)
	if err != nil || z.dense() {
		return nil // Requests says why
	}
	var out []pruning.Claim
	for l := first; l <= last; l++ {
		if z.Tau < 1 {
			out = append(out, pruning.Claim{Kind: "exclude", Phase: pruning.Prefill, Layer: l})
		}
		switch z.KV {
		case "evict":
			out = append(out, pruning.Claim{Kind: "evict", Phase: pruning.Decode, Layer: l})
		case "mixed":
			out = append(out, pruning.Claim{Kind: "store", Phase: pruning.Decode, Layer: l})
		}
	}
	return out
}

// Decide parts the prompt's tokens, or those of the answer's latest window.
func (z *ZipVL) Decide(s pruning.Seen) (pruning.Outcome, error) {
	first, last, err := z.layers(s.Model)
	if err != nil || z.dense() || s.Site.Layer < first || s.Site.Layer > last {
		return pruning.Outcome{}, err
	}
	decide := z.prompt
	if s.Site.Phase == pruning.Decode {
		if !z.recompresses() {
			return pruning.Outcome{}, nil
		}
		decide = z.window
	}
	decisions, err := decide(s)
	return pruning.Outcome{Decisions: decisions}, err
}

// cached says what becomes of the layer's cached rows: T and U are indices into Seen.Tokens, rule
// continues "… the 84 of 640 highest, …".
func (z *ZipVL) cached(layer int, basis pruning.Basis, important, others []int, rule string) []pruning.Decision {
	switch z.KV {
	case "evict":
		if len(others) == 0 {
			return nil
		}
		basis.Rule = "important are " + rule
		return []pruning.Decision{&pruning.Evict{Basis: basis, From: layer, To: layer, Rows: pruning.OfLayer(others)}}
	case "mixed":
		var out []pruning.Decision
		store := func(rows []int, text, rule string) {
			if len(rows) == 0 {
				return
			}
			bits, _ := strconv.Atoi(text) // one of the declared choices
			basis.Rule = fmt.Sprintf("%d bits, %s", bits, rule)
			out = append(out, &pruning.Store{Basis: basis, Layer: layer, Rows: pruning.OfLayer(rows), Bits: bits})
		}
		store(important, z.BitsImportant, "as one of "+rule)
		store(others, z.BitsOther, "not one of "+rule)
		return out
	}
	return nil
}

// ruleOf words T: "the 84 of 640 highest, as many as can hold 97.5 % of the attention".
func (z *ZipVL) ruleOf(t important, of string) string {
	rule := fmt.Sprintf("the %d of %d highest, as many as can hold %.5g %% of the attention%s",
		len(t.Tokens), len(t.Scores), 100*z.Tau, of)
	if t.Swapped {
		rule += "; the last row stands in for the lowest of them"
	}
	return rule
}
