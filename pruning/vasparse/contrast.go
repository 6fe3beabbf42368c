package vasparse

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"winnow/pruning"
)

// logits holds the language prior against the next-token logits, where the gate is open.
func (v *VASparse) logits(s pruning.Seen, mem memory) (pruning.Outcome, error) {
	out := pruning.Outcome{Memory: mem}
	z, err := shaped(s, logitsProbe(s.Model), 1, s.Model.Vocabulary)
	if err != nil {
		return pruning.Outcome{}, err
	}
	if v.Contrast == "word" {
		if s.Piece == nil {
			return pruning.Outcome{}, errors.New("contrast=word of vasparse needs the text of tokens, which this pipeline does not give: choose contrast=always")
		}
		best := slices.Index(z.Data, slices.Max(z.Data))
		if s.Site.Step == 0 || !opens(s.Piece(best)) {
			return out, nil
		}
	}
	e, err := shaped(s, v.priorProbe(), 1, s.Model.Vocabulary)
	if err != nil {
		return pruning.Outcome{}, err
	}
	values, left := v.contrast(z.Data, e.Data)
	source := "the embedding alone"
	if v.Source > 0 {
		source = fmt.Sprintf("the state after %d layers", v.Source)
	}
	formula := fmt.Sprintf("(1 + %g)z − %ge", v.Alpha, v.Alpha)
	if v.Mode == "release" {
		formula = fmt.Sprintf("log p(z) − log p(e) − %ge", v.Alpha)
	}
	out.Decisions = []pruning.Decision{&pruning.EditLogits{
		Basis: pruning.Basis{
			Threshold: float32(math.NaN()),
			Unit:      "logit",
			Rule: fmt.Sprintf("%s, e the LM head on %s; candidates with at least %g of the best probability: %d of %d",
				formula, source, v.Cut, left, len(values)),
		},
		Values: values,
	}}
	return out, nil
}

// contrast edits logits z by those of the prior, e, and says how many candidates stay plausible;
// the others become −∞. The most probable always stays.
func (v *VASparse) contrast(z, e []float32) (values []float32, left int) {
	best, cut := float64(slices.Max(z)), math.Log(v.Cut)
	values = make([]float32, len(z))
	if v.Mode == "release" {
		// f − b − αe with log-probabilities f and b, and once more normalised.
		zNorm, eNorm := logSumExp(z), logSumExp(e)
		for i := range z {
			f, b := float64(z[i])-zNorm, float64(e[i])-eNorm
			values[i] = float32(f - b - v.Alpha*float64(e[i]))
		}
	} else {
		for i := range z {
			values[i] = float32((1+v.Alpha)*float64(z[i]) - v.Alpha*float64(e[i]))
		}
	}
	for i := range z {
		if float64(z[i])-best < cut {
			values[i] = float32(math.Inf(-1))
		} else {
			left++
		}
	}
	if v.Mode == "release" {
		norm := logSumExp(values)
		for i := range values {
			values[i] = float32(float64(values[i]) - norm)
		}
	}
	return values, left
}

func logSumExp(x []float32) float64 {
	top := float64(slices.Max(x))
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}

// opens: a piece of text that cannot go on a word. The end token's, empty or in brackets, is one.
func opens(piece string) bool {
	r, size := utf8.DecodeRuneInString(piece)
	if r == utf8.RuneError && size == 1 {
		return false // some bytes of a letter
	}
	return size == 0 || !(unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || r == '\'' || r == '’' || r == '-')
}
