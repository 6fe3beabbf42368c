package trace

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
)

// Cost is what a point of a sweep costs, as a share of the dense run. All are counted.
type Cost int

// The costs.
const (
	CostFLOPs Cost = iota // arithmetic of prefill
	CostKV                // bytes of the KV cache after prefill
	CostKept              // visual tokens kept, mean over layers
)

// Costs lists them in the order for a menu.
var Costs = []Cost{CostFLOPs, CostKV, CostKept}

func (c Cost) String() string {
	switch c {
	case CostKV:
		return "KV cache"
	case CostKept:
		return "visual tokens kept"
	}
	return "prefill FLOPs"
}

// Cost of a point by that of the dense side; ok is false where one of the two is not known.
func (s *State) Cost(p Point, c Cost) (share float64, ok bool) {
	if s == nil {
		return 0, false
	}
	var of, dense float64
	switch c {
	case CostKept:
		of, _ = p.Summary.kept()
		dense = float64(p.Summary.Visual)
	default:
		if s.Dense == nil || s.Dense.Summary == nil {
			return 0, false
		}
		of, dense = float64(p.Summary.PrefillFLOPs), float64(s.Dense.Summary.PrefillFLOPs)
		if c == CostKV {
			of, dense = float64(p.Summary.KVBytes), float64(s.Dense.Summary.KVBytes)
		}
	}
	if !(dense > 0 && of >= 0) || of == 0 && c != CostKept {
		return 0, false
	}
	return of / dense, true
}

// SweptParam is the method and the parameter that a sweep moves; ok is false where the request
// asks for none.
func (r Request) SweptParam() (method, param string, ok bool) {
	if r.Sweep == nil || r.Sweep.Method < 0 || r.Sweep.Method >= len(r.Methods) {
		return "", "", false
	}
	return r.Methods[r.Sweep.Method].Name, r.Sweep.Param, true
}

// WritePoints writes the points of a sweep as CSV with a header, one line a point. A field is
// empty where it is not known; kl_nats is "inf" where pruning rules out what dense may say.
func WritePoints(w io.Writer, s *State) error {
	if s == nil || len(s.Points) == 0 {
		return errors.New("the run has no points of a sweep to write; run a sweep first")
	}
	_, param, ok := s.Request.SweptParam()
	if !ok || param == "" {
		param = "value"
	}
	out := csv.NewWriter(w)
	lines := [][]string{{param, "kl_nats", "top1_agreement", "steps", "prefill_flops_counted", "prefill_flops_share",
		"kv_bytes_counted", "kv_bytes_share", "visual_kept_mean_counted", "visual_kept_share", "decode_weight_bytes_counted", "ttft_ms_measured"}}
	number := func(v float64) string {
		switch {
		case math.IsInf(v, 1):
			return "inf"
		case v != v || math.IsInf(v, -1):
			return ""
		}
		return strconv.FormatFloat(v, 'g', 8, 64)
	}
	for _, p := range s.Points {
		cost := func(c Cost) string {
			if v, ok := s.Cost(p, c); ok {
				return number(v)
			}
			return ""
		}
		kept, _ := p.Summary.kept()
		ttft := ""
		if p.Summary.TTFTMS > 0 {
			ttft = number(p.Summary.TTFTMS)
		}
		lines = append(lines, []string{p.Value, number(p.KL), number(p.Top1), strconv.Itoa(p.Steps),
			strconv.FormatInt(p.Summary.PrefillFLOPs, 10), cost(CostFLOPs), strconv.FormatInt(p.Summary.KVBytes, 10), cost(CostKV),
			number(kept), cost(CostKept), strconv.FormatInt(p.Summary.DecodeWeightBytes, 10), ttft})
	}
	return out.WriteAll(lines)
}

// JSON has no infinity: a KL that is infinite (pruning rules out what dense may say) and the
// logarithm of a probability of zero are written as null.

// MarshalJSON implements json.Marshaler.
func (p Point) MarshalJSON() ([]byte, error) {
	type plain Point
	return json.Marshal(struct {
		plain
		KL *float64 `json:"kl"`
	}{plain(p), orNull(p.KL, 1)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Point) UnmarshalJSON(data []byte) error {
	type plain Point
	v := struct {
		*plain
		KL *float64 `json:"kl"`
	}{plain: (*plain)(p)}
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	p.KL = fromNull(v.KL, 1)
	return nil
}

// MarshalJSON implements json.Marshaler.
func (c Choice) MarshalJSON() ([]byte, error) {
	type plain Choice
	return json.Marshal(struct {
		plain
		LogProb *float64 `json:"log_prob"`
	}{plain(c), orNull(c.LogProb, -1)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *Choice) UnmarshalJSON(data []byte) error {
	type plain Choice
	v := struct {
		*plain
		LogProb *float64 `json:"log_prob"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	c.LogProb = fromNull(v.LogProb, -1)
	return nil
}

func orNull(v float64, sign int) *float64 {
	if math.IsInf(v, sign) {
		return nil
	}
	return &v
}

func fromNull(v *float64, sign int) float64 {
	if v == nil {
		return math.Inf(sign)
	}
	return *v
}
