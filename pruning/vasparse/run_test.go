package vasparse

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"winnow/pruning"
)

// fake is a pipeline with random queries and keys, which keeps every attention in full: what a
// method must know from reductions alone.
type fake struct {
	t     *testing.T
	v     *VASparse
	m     pruning.Model
	r     *rand.Rand
	all   []pruning.Token
	alive [][]int // by layer, positions in the cache
	keys  [][][][]float32
	// a is by layer, head and query position the attention by key position.
	a   [][]map[int][]float64
	mem any
}

const visualFrom, visualTo = 3, 9

func newFake(t *testing.T, params map[string]string, prompt int) *fake {
	f := &fake{t: t, v: method(t, params), m: pruning.Model{Layers: 3, Heads: 2, KVHeads: 2, HeadDim: 4, Vocabulary: 11},
		r: rand.New(rand.NewPCG(7, 8))}
	f.alive, f.keys, f.a = make([][]int, 3), make([][][][]float32, 3), make([][]map[int][]float64, 3)
	for l := range 3 {
		f.keys[l] = make([][][]float32, 2)
		f.a[l] = []map[int][]float64{{}, {}}
	}
	for i := range prompt {
		tok := pruning.Token{Part: pruning.User, Position: i, Picture: -1}
		if i >= visualFrom && i < visualTo {
			tok.Kind, tok.Picture = pruning.Visual, 0
		}
		f.append(tok)
	}
	for l := range 3 {
		for h := range 2 {
			for i := range prompt {
				f.attend(l, h, i, f.dots(h, l, span(0, i+1)), nil, nil)
			}
		}
	}
	for l := range 3 {
		received := pruning.Matrix{Rows: 2, Cols: prompt}
		mass := pruning.Matrix{Rows: prompt, Cols: 2, Data: make([]float32, 2*prompt)}
		for h := range 2 {
			received.Data = append(received.Data, f.received(l, h)...)
			for i := range prompt {
				mass.Row(i)[h] = float32(f.mass(l, h, i))
			}
		}
		f.visit(pruning.Site{Phase: pruning.Prefill, Layer: l}, f.all,
			map[pruning.Probe]pruning.Matrix{receivedProbe(l): received, massProbe(l): mass})
	}
	return f
}

func (f *fake) append(tok pruning.Token) {
	f.all = append(f.all, tok)
	for l := range f.alive {
		f.alive[l] = append(f.alive[l], tok.Position)
		for h := range f.keys[l] {
			f.keys[l][h] = append(f.keys[l][h], f.vector())
		}
	}
}

func (f *fake) vector() []float32 {
	out := make([]float32, f.m.HeadDim)
	for i := range out {
		out[i] = float32(2 * f.r.NormFloat64())
	}
	return out
}

func (f *fake) dots(h, l int, positions []int) []float32 {
	q := f.vector()
	out := make([]float32, len(positions))
	for i, p := range positions {
		for d, x := range f.keys[l][h][p] {
			out[i] += q[d] * x
		}
	}
	return out
}

// attend files the attention of the query at a position.
func (f *fake) attend(l, h, position int, dots, factors []float32, hidden []int) {
	row := make([]float64, len(f.all))
	keys := f.alive[l]
	if position < len(f.all)-1 {
		keys = span(0, position+1)
	}
	for i, a := range apply(dots, f.m.HeadDim, factors, hidden) {
		row[keys[i]] = float64(a)
	}
	f.a[l][h][position] = row
}

func (f *fake) received(l, h int) []float32 {
	sum := make([]float64, len(f.all))
	for _, row := range f.a[l][h] {
		for j, a := range row {
			sum[j] += a
		}
	}
	out := make([]float32, len(sum))
	for j, s := range sum {
		out[j] = float32(s)
	}
	return out
}

func (f *fake) mass(l, h, position int) (sum float64) {
	row := f.a[l][h][position]
	for j := visualFrom; j < visualTo && j < len(row); j++ {
		sum += row[j]
	}
	return sum
}

// visit calls Decide twice: the same must come out, and the old memory must not change.
func (f *fake) visit(site pruning.Site, tokens []pruning.Token, values map[pruning.Probe]pruning.Matrix) []pruning.Decision {
	f.t.Helper()
	s := pruning.NewSeen(site, f.m, tokens, values)
	s.Memory = f.mem
	before := fmt.Sprint(f.mem)
	first, err := f.v.Decide(s)
	if err != nil {
		f.t.Fatal(err)
	}
	second, _ := f.v.Decide(s)
	if fmt.Sprint(f.mem) != before {
		f.t.Fatalf("at %+v Decide changes the memory it was given", site)
	}
	if !reflect.DeepEqual(first.Memory, second.Memory) {
		f.t.Fatalf("at %+v the same sight gives two memories", site)
	}
	for i, d := range first.Decisions {
		if m, ok := d.(*pruning.Mask); ok && !reflect.DeepEqual(m.Rows, second.Decisions[i].(*pruning.Mask).Rows) {
			f.t.Fatalf("at %+v the same sight gives two decisions", site)
		}
	}
	f.mem = first.Memory
	return first.Decisions
}

func (f *fake) cached(l int) []pruning.Token {
	var out []pruning.Token
	for _, p := range f.alive[l] {
		out = append(out, f.all[p])
	}
	return out
}

// step decodes one row and compares each decision with its definition on the full attentions.
func (f *fake) step(n int) {
	f.t.Helper()
	f.append(pruning.Token{Part: pruning.Answer, Position: len(f.all), Picture: -1})
	newest := len(f.all) - 1
	for l := range f.m.Layers {
		positions := f.alive[l]
		rows := len(positions)
		dots := pruning.Matrix{Rows: 2, Cols: rows}
		for h := range 2 {
			dots.Data = append(dots.Data, f.dots(h, l, positions)...)
		}
		d := f.visit(pruning.Site{Phase: pruning.Decode, Layer: l, At: pruning.InAttention, Step: n}, f.cached(l),
			map[pruning.Probe]pruning.Matrix{dotProbe(l): dots})
		mask, reweigh := only[*pruning.Mask](f.t, d), only[*pruning.Reweigh](f.t, d)
		if mask.Layer != l || reweigh.Layer != l {
			f.t.Fatalf("layer %d decides for layers %d and %d", l, mask.Layer, reweigh.Layer)
		}

		gave := make([]float64, rows)
		for i, p := range positions {
			switch {
			case p < newest:
				gave[i] = f.mass(2, 1, p) // last layer, last head
			case l > 0:
				gave[i] = f.mass(l-1, 1, p)
			}
		}
		P := soft(gave)
		f.same(mask.Also[0].Values, P, "P")
		sinks := make([]float64, rows)
		for h := range 2 {
			all := f.received(l, h)
			got := make([]float64, rows)
			for i, p := range positions {
				got[i] = float64(all[p])
			}
			W := soft(got)
			a := apply(dots.Row(h), 4, nil, nil)
			delta := make([]float64, rows)
			for j := range delta {
				delta[j] = float64(a[j]*a[j]) + f.v.Lambda*P[j]
				sinks[j] += W[j] / 2
				if want := 1 + f.v.Beta - f.v.Beta*W[j]; math.Abs(float64(reweigh.Factors[h][j])-want) > 1e-6 {
					f.t.Fatalf("step %d, layer %d: factor of row %d is %v, want %v", n, l, j, reweigh.Factors[h][j], want)
				}
			}
			hidden := mask.Rows.Lists[h]
			if want := rows - max(1, int(f.v.Keep*float64(rows)+1e-9)); len(hidden) != want || slices.Contains(hidden, rows-1) || !slices.IsSorted(hidden) {
				f.t.Fatalf("step %d, layer %d: hides %v of %d rows, want %d and not the newest", n, l, hidden, rows, want)
			}
			for _, i := range hidden {
				for j := range rows - 1 {
					if !slices.Contains(hidden, j) && delta[j] < delta[i]-1e-7 {
						f.t.Fatalf("step %d, layer %d: row %d with δ %v is hidden, row %d with %v is not", n, l, i, delta[i], j, delta[j])
					}
				}
			}
			f.attend(l, h, newest, dots.Row(h), reweigh.Factors[h], hidden)
		}
		f.same(mask.Also[1].Values, sinks, "W")
	}
}

func (f *fake) same(got []float32, want []float64, name string) {
	f.t.Helper()
	sum := 0.0
	for i, v := range got {
		sum += float64(v)
		if math.Abs(float64(v)-want[i]) > 1e-6 {
			f.t.Fatalf("%s of row %d is %v, want %v", name, i, v, want[i])
		}
	}
	if math.Abs(sum-1) > 1e-5 || len(got) != len(want) {
		f.t.Fatalf("%d numbers of %s add up to %v", len(got), name, sum)
	}
}

func soft(x []float64) []float64 {
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v)
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Exp(v) / sum
	}
	return out
}

// TestARunFollowsTheDefinitions decodes with a growing cache; half way, layer 0 loses rows to
// another method and layer 1 merges some, so that the layers' rows no longer stand side by side.
func TestARunFollowsTheDefinitions(t *testing.T) {
	f := newFake(t, map[string]string{"keep": "0.7", "lambda": "2", "beta": "0.4"}, 14)
	for n := 1; n <= 12; n++ {
		if n == 6 {
			f.alive[0] = slices.DeleteFunc(slices.Clone(f.alive[0]), func(p int) bool { return p == 2 || p == 5 || p == 15 })
			f.alive[1] = slices.DeleteFunc(slices.Clone(f.alive[1]), func(p int) bool { return p == 8 })
		}
		f.step(n)
	}
}

// TestDroppedRowsDoNotShiftSaliency: rows that the last layer never saw count as 0.
func TestDroppedRowsDoNotShiftSaliency(t *testing.T) {
	v := method(t, map[string]string{"beta": "0"})
	m := pruning.Model{Layers: 1, Heads: 1, HeadDim: 1}
	tokens := make([]pruning.Token, 5)
	for i := range tokens {
		tokens[i].Position = i
	}
	left := []pruning.Token{tokens[0], tokens[3]}
	o, err := v.Decide(pruning.NewSeen(pruning.Site{Phase: pruning.Prefill}, m, left,
		map[pruning.Probe]pruning.Matrix{massProbe(0): {Rows: 2, Cols: 1, Data: []float32{0.25, 0.75}}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := at(o.Memory.(memory).mass, tokens); !slices.Equal(got, []float32{0.25, 0, 0, 0.75, 0}) {
		t.Errorf("masses by row are %v", got)
	}
}
