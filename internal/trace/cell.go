package trace

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// Hand is the method of what a person forced.
const Hand = "hand"

// CellInfo is what hovering a cell says.
type CellInfo struct {
	Row, Col int
	// Token is the sequence index, -1 where no token stands for the cell.
	Token int
	// Score is NaN and Rank 0 where not scored; Rank 1 is the highest of Of.
	Score float32
	Rank  int
	Of    int
	// Kept in the layer asked about; with a step, as KeptMaskAt says.
	Kept bool
	// DiedAtLayer is the first layer that does not compute the token or, where all do, that
	// lost its cache entry; -1 where it lives on.
	DiedAtLayer int
	// Masked is the share of heads that did not see the token at the step asked about; NaN
	// without one.
	Masked float32
	// Bits that the layer caches it in: FullBits, fewer, 0 where it does not; -1 not known.
	Bits int
	// Numbers are further ones behind the decision about it.
	Numbers []Reading
	// Method decided its fate, or is empty.
	Method string
	// Why is a sentence without its full stop.
	Why string
}

// Reading is a number with its name: "visual saliency 0.031".
type Reading struct {
	Name  string
	Value float32
	Unit  string
}

// CellInfo tells about a cell in a layer: of the first pruned side, or of the dense one in a run
// that has no other.
func (s *State) CellInfo(row, col, layer int) CellInfo {
	d := s.Pruned
	if d == nil {
		d = s.Dense
	}
	c, ok := s.cell(row, col, d)
	if ok {
		d.tell(&c, layer)
	}
	return c
}

// CellInfo tells about a cell in a layer, before the first word.
func (d *Side) CellInfo(row, col, layer int) CellInfo {
	if d == nil {
		return CellInfo{Row: row, Col: col, Token: -1, Score: float32(math.NaN()), Masked: float32(math.NaN()), DiedAtLayer: -1, Bits: -1, Why: "this side has not started"}
	}
	c, ok := d.state.cell(row, col, d)
	if ok {
		d.tell(&c, layer)
	}
	return c
}

// cell begins what is said about a cell; ok is false where that is all.
func (s *State) cell(row, col int, d *Side) (c CellInfo, ok bool) {
	nan := float32(math.NaN())
	c = CellInfo{Row: row, Col: col, Score: nan, Masked: nan, DiedAtLayer: -1, Bits: -1}
	c.Token, ok = s.CellIndex(row, col)
	switch {
	case !ok:
		c.Why = "no visual token stands for this place"
	case d == nil:
		c.Why, ok = "nothing has been computed yet", false
	}
	return c, ok
}

func (d *Side) tell(c *CellInfo, layer int) {
	scores, by := d.ScoresAt(layer)
	if by != nil {
		at := c.Row*d.state.cols + c.Col
		c.Score = scores[at]
		c.Rank, c.Of = rankOf(scores, at)
		c.Numbers = by.readings(c.Token)
	}
	c.Kept = d.keeps(c.Token, layer)
	c.DiedAtLayer = d.diedAt(c.Token)
	c.Bits = d.bitsOf(c.Token, layer, 0)
	c.Method, c.Why = d.why(c, layer, by)
}

// readings are the numbers of a row in the series behind a decision.
func (d *Decision) readings(seqIndex int) []Reading {
	var out []Reading
	for i := range d.Also {
		if v := d.Also[i].at(seqIndex); v == v {
			out = append(out, Reading{d.Also[i].Name, v, d.Also[i].Unit})
		}
	}
	return out
}

// bitsOf is BitsAtStep for one row; -1 where the layer is none of the model's.
func (d *Side) bitsOf(seqIndex, layer, step int) int {
	if layer < 0 || layer >= d.state.LayerCount() {
		return -1
	}
	return d.stored(layer, step)[seqIndex]
}

// forced reports whether a person decided that a token stays or goes; the dense side, which
// drops nothing, has none.
func (d *Side) forced(seqIndex int) (keep, ok bool) {
	if d.Index < 0 || seqIndex < 0 || seqIndex >= len(d.state.Tokens) {
		return false, false
	}
	t := d.state.Tokens[seqIndex]
	for _, f := range d.state.Request.Force {
		if f.Row == t.Row && f.Col == t.Col { // of several the last counts
			keep, ok = f.Keep, true
		}
	}
	return keep, ok
}

// rankOf is the rank of one score among those that are numbers, as RankAt counts.
func rankOf(scores []float32, i int) (rank, of int) {
	for j, v := range scores {
		if v != v {
			continue
		}
		of++
		if v > scores[i] || v == scores[i] && j <= i {
			rank++
		}
	}
	return rank, of
}

func (d *Side) diedAt(token int) int {
	n := d.state.LayerCount()
	for l := range n {
		if !d.AliveAt(token, l) {
			return l
		}
	}
	for l := range n {
		if !d.keeps(token, l) {
			return l
		}
	}
	return -1
}

func (d *Side) why(c *CellInfo, layer int, by *Decision) (method, why string) {
	at := layer
	here := ""
	if c.Kept {
		// A decision about this layer alone has its reason; others may take the token later.
		at, here = d.nextLoss(c.Token, layer), "kept here; "
		if at < 0 || by != nil && by.cache() && by.changes(layer) {
			return d.whyKept(c, layer, by)
		}
	}
	e := d.taken(c.Token, at, (*Decision).stream)
	if e == nil && d.AliveAt(c.Token, at) {
		e = d.taken(c.Token, at, (*Decision).cache)
	}
	if e == nil {
		return "", fmt.Sprintf("%snot computed in layer %d; the trace does not say why", here, at)
	}
	if e.Method == Hand {
		return Hand, here + "taken out by hand"
	}
	return e.Method, here + d.deed(e, c.Token, at) + because(e, c, e.score(c.Token), false)
}

// nextLoss is the first layer from one on that does not keep a row, -1 where all do.
func (d *Side) nextLoss(seqIndex, layer int) int {
	for l := max(layer, 0); l < d.state.LayerCount(); l++ {
		if !d.keeps(seqIndex, l) {
			return l
		}
	}
	return -1
}

func (d *Side) whyKept(c *CellInfo, layer int, by *Decision) (method, why string) {
	score := float32(math.NaN())
	if by != nil {
		score = by.score(c.Token)
	}
	if keep, ok := d.forced(c.Token); ok && keep {
		if by != nil && score == score {
			return Hand, "kept by hand; " + by.Method + because(by, c, score, by.keeps(c.Token))
		}
		return Hand, "kept by hand"
	}
	switch {
	case by != nil && by.Phase == "decode": // it says nothing about the prompt
		share := d.MaskedAt(layer, -1)[c.Row*d.state.cols+c.Col]
		return by.Method, fmt.Sprintf("kept in the prompt; not seen by %s of this layer's heads while answering, mean over words (%s)", percent(float64(share)), by.Method)
	case by != nil && score == score:
		return by.Method, "kept by " + by.Method + because(by, c, score, true)
	case d.Name == Dense:
		return "", "kept: the dense run drops nothing"
	case by != nil:
		return by.Method, "kept: " + by.Method + " did not score it"
	}
	return "", "kept: no method has scored it"
}

// deed says what a decision did to a token that a layer lacks, and what became of its cache entry
// where that is another decision.
func (d *Side) deed(e *Decision, seqIndex, layer int) string {
	text := e.deed(layer)
	if e.Kind != "exclude" {
		return text
	}
	for _, k := range d.prompt {
		o := &d.Decisions[k]
		if o.Method != e.Method || !o.changes(layer) || !has(o.Rows, seqIndex) {
			continue
		}
		switch o.Kind {
		case "evict":
			return fmt.Sprintf("left out of attention in layer %d and evicted from its cache by %s", layer, e.Method)
		case "store":
			return fmt.Sprintf("left out of attention in layer %d and cached in %d bits by %s", layer, o.Bits, e.Method)
		}
	}
	return text
}

// deed says what a decision did to a token that a layer lacks.
func (d *Decision) deed(layer int) string {
	after := fmt.Sprintf("after layer %d", d.Layer)
	switch {
	case d.Phase == "vision":
		after = fmt.Sprintf("after layer %d of the vision encoder", d.Layer)
	case d.Layer < 0:
		after = "before the first layer"
	}
	switch d.Kind {
	case "drop":
		return fmt.Sprintf("dropped %s by %s", after, d.Method)
	case "skip":
		return fmt.Sprintf("skips layer %d, decided %s by %s", layer, after, d.Method)
	case "merge":
		return fmt.Sprintf("merged with others %s by %s", after, d.Method)
	case "evict":
		return fmt.Sprintf("evicted from the cache of layer %d by %s", layer, d.Method)
	case "zero":
		return fmt.Sprintf("its cache entry of layer %d was set to zero by %s", layer, d.Method)
	case "mask":
		return fmt.Sprintf("masked in layer %d by %s", layer, d.Method)
	}
	return fmt.Sprintf("left out of attention in layer %d by %s", layer, d.Method)
}

// ruleForm matches rules such as "match ≥ 121, the elbow of the sorted curve".
var ruleForm = regexp.MustCompile(`^([^≥>,;:]{1,40}) (≥|>=|>) ([-+0-9.eE]{1,20})(,.*)?$`)

// because gives the number and the rule it met or missed.
func because(d *Decision, c *CellInfo, score float32, kept bool) string {
	if score != score {
		if d.Rule == "" {
			return ""
		}
		return ": " + d.Rule
	}
	if m := ruleForm.FindStringSubmatch(d.Rule); m != nil {
		relation := m[2]
		if relation == ">=" {
			relation = "≥"
		}
		if !kept {
			relation = map[string]string{"≥": "<", ">": "≤"}[relation]
		}
		return fmt.Sprintf(": %s %s %s %s%s", m[1], Number(float64(score)), relation, m[3], m[4])
	}
	text := ": score " + Number(float64(score))
	if d.Unit != "" {
		text = ": " + Number(float64(score)) + " " + d.Unit
	}
	if c.Rank > 0 {
		text += fmt.Sprintf(", rank %d of %d", c.Rank, c.Of)
	}
	if d.Rule != "" {
		text += "; " + d.Rule
	}
	return text
}

// Number writes a score for people: whole numbers as such, others with three digits.
func Number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e9 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
