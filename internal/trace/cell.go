package trace

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// CellInfo is what hovering a cell says.
type CellInfo struct {
	Row, Col int
	// Token is the sequence index, -1 where no token stands for the cell.
	Token int
	// Score is NaN and Rank 0 where not scored; Rank 1 is the highest of Of.
	Score float32
	Rank  int
	Of    int
	// Kept in the layer asked about.
	Kept bool
	// DiedAtLayer is the first layer that does not compute the token or, where all do, that
	// lost its cache entry; -1 where it lives on.
	DiedAtLayer int
	// Method decided its fate, or is empty.
	Method string
	// Why is a sentence without its full stop.
	Why string
}

// CellInfo tells about a cell in a layer: of the pruned side, or of the dense one in a run that
// has no other.
func (s *State) CellInfo(row, col, layer int) CellInfo {
	c := CellInfo{Row: row, Col: col, Score: float32(math.NaN()), DiedAtLayer: -1}
	var ok bool
	c.Token, ok = s.CellIndex(row, col)
	if !ok {
		c.Why = "no visual token stands for this place"
		return c
	}
	d := s.Pruned
	if d == nil {
		d = s.Dense
	}
	if d == nil {
		c.Why = "nothing has been computed yet"
		return c
	}
	scores, by := d.ScoresAt(layer)
	if by != nil {
		c.Score = scores[row*s.cols+col]
		c.Rank, c.Of = rankOf(scores, row*s.cols+col)
	}
	c.Kept = d.keeps(c.Token, layer)
	c.DiedAtLayer = d.diedAt(c.Token)
	c.Method, c.Why = d.why(&c, layer, by)
	return c
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
		if c.DiedAtLayer < 0 {
			return d.whyKept(c, by)
		}
		at, here = c.DiedAtLayer, "kept here; "
	}
	e := d.taken(c.Token, at, (*Decision).stream)
	if e == nil && d.AliveAt(c.Token, at) {
		e = d.taken(c.Token, at, (*Decision).cache)
	}
	if e == nil {
		return "", fmt.Sprintf("%snot computed in layer %d; the trace does not say why", here, at)
	}
	return e.Method, here + e.deed(at) + because(e, c, e.score(c.Token), false)
}

func (d *Side) whyKept(c *CellInfo, by *Decision) (method, why string) {
	switch {
	case by != nil && by.score(c.Token) == by.score(c.Token):
		return by.Method, "kept by " + by.Method + because(by, c, by.score(c.Token), true)
	case d.Name == Dense:
		return "", "kept: the dense run drops nothing"
	case by != nil:
		return by.Method, "kept: " + by.Method + " did not score it"
	}
	return "", "kept: no method has scored it"
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
