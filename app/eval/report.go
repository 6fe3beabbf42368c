package eval

import (
	"encoding/json"
	"errors"
	"math"

	"winnow/app/bench"
	"winnow/internal/compute"
)

// Report is what the answers come to. Shares are 0 to 1.
type Report struct {
	// N is the number of scenes that were finished, of Wanted.
	N         int            `json:"n"`
	Wanted    int            `json:"wanted"`
	Questions int            `json:"questions"`
	Model     string         `json:"model"`
	Device    compute.Device `json:"device"`
	Scenes    string         `json:"scenes"`
	Seed      uint64         `json:"seed"`
	Notes     []string       `json:"notes,omitempty"`
	Dense     Score          `json:"dense"`
	Methods   []Method       `json:"methods"`
}

// Method is a stack's score, with how it compares.
type Method struct {
	Score
	// Random is random at this stack's budget, nil where it was not asked.
	Random *Score
	// Budget is what random had the same share of; empty: the stack left nothing out.
	Budget string
	// Share is what the stack left of that, RandomShare what random left.
	Share, RandomShare float64
	// OverDense and OverRandom are paired differences by metric, above zero where the stack is
	// better.
	OverDense, OverRandom map[Metric]bench.Paired
}

// Score is one side's.
type Score struct {
	Name string
	// Of has every metric that was asked, and Overall, measured.
	Of map[Metric]Interval
	// Exist has POPE's numbers by setting.
	Exist map[string]POPE
	// Kept is the share of visual tokens, FLOPs of dense's prefill and KV of its cache: counted,
	// means over the questions. PrefillFLOPs and KVBytes are a question's, in FLOPs and bytes.
	Kept, FLOPs, KV       float64
	PrefillFLOPs, KVBytes float64
}

// POPE is what is told about existence questions: yes is the positive answer.
type POPE struct {
	Asked     int    `json:"asked"`
	Accuracy  number `json:"accuracy"`
	Precision number `json:"precision"`
	Recall    number `json:"recall"`
	F1        number `json:"f1"`
	YesRatio  number `json:"yes_ratio"`
	// Neither are answers that say neither yes nor no: they are wrong.
	Neither int `json:"neither"`
}

// number is null in JSON where it does not exist, such as the precision of who never says yes.
type number float64

// MarshalJSON writes NaN as null.
func (n number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

func (p *pope) report() POPE {
	tp, fp, fn, n := float64(p.tp), float64(p.fp), float64(p.fn), float64(p.asked)
	return POPE{p.asked, number((tp + float64(p.tn)) / n), number(tp / (tp + fp)), number(tp / (tp + fn)),
		number(2 * tp / (2*tp + fp + fn)), number((tp + fp) / n), p.other}
}

// Report counts. It depends on nothing but the results.
func (r *Results) Report() (*Report, error) {
	if len(r.Scenes) == 0 {
		return nil, errors.New("no scene is finished, so there is nothing to report; let it run longer")
	}
	out := &Report{N: len(r.Scenes), Wanted: r.Wanted, Model: r.Model, Device: r.Device, Scenes: r.Settings, Seed: r.Seed, Notes: r.Notes, Methods: []Method{}}
	for _, d := range r.Scenes {
		out.Questions += len(d.Asked)
	}
	t := tabulate(r.Scenes, len(r.Sides), r.Seed)
	out.Dense = r.score(t, 0)
	for i, s := range r.Sides {
		switch {
		case i == 0:
		case s.Beside == 0:
			m := Method{Score: r.score(t, i), OverDense: compared(t, i, 0)}
			m.Budget, m.Share = r.budget(i)
			out.Methods = append(out.Methods, m)
		default:
			m := &out.Methods[len(out.Methods)-1]
			random := r.score(t, i)
			m.Random, m.OverRandom = &random, compared(t, s.Beside, i)
			_, m.RandomShare = r.budget(i)
		}
	}
	return out, nil
}

func (r *Results) score(t *table, side int) Score {
	s := Score{Name: r.Sides[side].Name, Of: map[Metric]Interval{}, Exist: map[string]POPE{}}
	for m := Overall; m < metrics; m++ {
		if v := t.interval(side, m); v.Value == v.Value {
			s.Of[m] = v
		}
	}
	for setting, p := range popes(r.Scenes, side) {
		s.Exist[setting] = p.report()
	}
	n := 0.0
	for _, d := range r.Scenes {
		for _, a := range d.Asked {
			x, dense := a.Answers[side], a.Answers[0]
			n++
			s.Kept += x.Kept
			s.FLOPs += float64(x.FLOPs) / float64(dense.FLOPs)
			s.KV += float64(x.KVBytes) / float64(dense.KVBytes)
			s.PrefillFLOPs += float64(x.FLOPs)
			s.KVBytes += float64(x.KVBytes)
		}
	}
	for _, v := range []*float64{&s.Kept, &s.FLOPs, &s.KV, &s.PrefillFLOPs, &s.KVBytes} {
		*v /= n
	}
	return s
}

// budget is what a stack was matched by, and the mean share that a side left of it.
func (r *Results) budget(side int) (what string, left float64) {
	n := 0.0
	for _, d := range r.Scenes {
		for _, a := range d.Asked {
			x := a.Answers[side]
			if x.Budget == "" {
				x.Share = 1 // nothing less than dense
			} else {
				what = x.Budget
			}
			left, n = left+x.Share, n+1
		}
	}
	return what, left / n
}

// compared has every metric that both sides have and that says which is better.
func compared(t *table, a, b int) map[Metric]bench.Paired {
	out := map[Metric]bench.Paired{}
	for m := Overall; m < metrics; m++ {
		if m == Agreement || m == Mentioned {
			continue
		}
		if p := t.paired(a, b, m); p.Mean == p.Mean {
			out[m] = p
		}
	}
	return out
}

// MarshalJSON writes the metrics flat: {"name":…,"kept":…,"exist_random":…,…}.
func (s Score) MarshalJSON() ([]byte, error) { return json.Marshal(s.flat()) }

func (s Score) flat() map[string]any {
	out := map[string]any{"name": s.Name, "kept": s.Kept, "prefill_flops": s.PrefillFLOPs, "prefill_flops_share": s.FLOPs,
		"kv_bytes": s.KVBytes, "kv_bytes_share": s.KV, "exist": s.Exist}
	intervals := map[string]Interval{}
	for m := Overall; m < metrics; m++ {
		out[m.String()] = nil // what was not asked is null, and not left out
		if v, ok := s.Of[m]; ok {
			out[m.String()] = v.Value
			intervals[m.String()] = v
		}
	}
	out["intervals"] = intervals
	return out
}

// MarshalJSON adds random and the comparisons to the score.
func (m Method) MarshalJSON() ([]byte, error) {
	out := m.flat()
	out["over_dense"] = keyed(m.OverDense)
	if m.Random != nil {
		out["random"], out["over_random"] = m.Random, keyed(m.OverRandom)
	}
	if m.Budget != "" {
		out["budget"] = map[string]any{"of": m.Budget, "share": m.Share, "random_share": m.RandomShare}
	}
	return json.Marshal(out)
}

func keyed(of map[Metric]bench.Paired) map[string]bench.Paired {
	out := map[string]bench.Paired{}
	for m, p := range of {
		out[m.String()] = p
	}
	return out
}
