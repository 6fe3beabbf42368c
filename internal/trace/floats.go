package trace

import (
	"bytes"
	"errors"
	"math"
	"strconv"
)

// Floats marshals NaN as null, which JSON's numbers lack, and rounds to six digits: views need
// no more.
type Floats []float32

// MarshalJSON implements json.Marshaler.
func (f Floats) MarshalJSON() ([]byte, error) { return f.append(6), nil }

func (f Floats) append(digits int) []byte {
	b := make([]byte, 0, (digits+2)*len(f)+2)
	b = append(b, '[')
	for i, v := range f {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			b = append(b, "null"...)
			continue
		}
		b = strconv.AppendFloat(b, float64(v), 'g', digits, 32)
	}
	return append(b, ']')
}

// coarse are Floats with four digits, for what is decided at every layer of every step: of a long
// answer these numbers are nearly all of the trace.
type coarse Floats

func (f coarse) MarshalJSON() ([]byte, error) { return Floats(f).append(4), nil }

// coarsely is a decision that is written with coarse numbers.
func (d Decision) coarsely() any {
	type plain Decision
	type series struct {
		Series
		Values coarse `json:"values"`
	}
	out := struct {
		plain
		Scores coarse   `json:"scores,omitempty"`
		Share  coarse   `json:"share,omitempty"`
		Also   []series `json:"also,omitempty"`
	}{plain: plain(d), Scores: coarse(d.Scores), Share: coarse(d.Share)}
	for _, s := range d.Also {
		out.Also = append(out.Also, series{s, coarse(s.Values)})
	}
	return out
}

// UnmarshalJSON implements json.Unmarshaler. It reads the numbers one by one: a list of pointers,
// which null would ask of package json, takes ten times the memory of the text.
func (f *Floats) UnmarshalJSON(data []byte) error {
	text := bytes.TrimSpace(data)
	if bytes.Equal(text, []byte("null")) {
		*f = nil
		return nil
	}
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return errors.New("scores are not a list of numbers")
	}
	text = bytes.TrimSpace(text[1 : len(text)-1])
	out := make(Floats, 0, min(len(text)/2+1, 1<<16))
	for len(text) > 0 {
		var one []byte
		one, text, _ = bytes.Cut(text, []byte{','})
		one = bytes.TrimSpace(one)
		if bytes.Equal(one, []byte("null")) {
			out = append(out, float32(math.NaN()))
			continue
		}
		v, err := strconv.ParseFloat(string(one), 32)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("scores are not a list of numbers")
		}
		out = append(out, float32(v))
	}
	*f = out
	return nil
}
