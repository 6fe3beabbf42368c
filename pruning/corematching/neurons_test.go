package corematching

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"winnow/pruning"
)

// slowCore is section 2a of the specification, line by line.
func slowCore(a pruning.Matrix, rho, beta float64) core {
	active := 0
	for _, v := range a.Data {
		if v > 0 {
			active++
		}
	}
	c := core{Limit: int(rho * float64(active) / float64(a.Rows)), Counts: make([]int32, a.Cols)}
	order := make([]int, a.Cols)
	for t := range a.Rows {
		row := a.Row(t)
		for n := range order {
			order[n] = n
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(row[j], row[i]) })
		for _, n := range order[:c.Limit] {
			c.Counts[n]++
		}
	}
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(c.Counts[j], c.Counts[i]) })
	c.Neurons = slices.Sorted(slices.Values(order[:int(beta*float64(a.Cols))]))
	return c
}

func countAll(t testing.TB, a pruning.Matrix) int {
	t.Helper()
	total := 0
	for r := range a.Rows {
		n, ok := countActive(a.Row(r))
		if !ok {
			t.Fatal("a NaN is seen where there is none")
		}
		total += n
	}
	return total
}

// TestCoreNeuronsEqualTheirDefinition compares the fast selection with the slow one, on smooth
// values and on values that are mostly ties, zeros of both signs, or below zero.
func TestCoreNeuronsEqualTheirDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	fill := map[string]func(row, col int) float32{
		"smooth":    func(int, int) float32 { return float32(r.NormFloat64()) },
		"ties":      func(int, int) float32 { return float32(r.IntN(5) - 2) },
		"zeros":     func(int, int) float32 { return float32(math.Copysign(float64(r.IntN(2)), float64(r.IntN(2))-0.5)) },
		"uneven":    func(row, _ int) float32 { return float32(r.NormFloat64()) + float32(row%7-3) },
		"few above": func(row, _ int) float32 { return float32(r.NormFloat64()) - 3*float32(row%2) },
		"rising":    func(_, col int) float32 { return float32(col) - 9 },
		"falling":   func(_, col int) float32 { return 9 - float32(col) },
		"spiky":     func(_, col int) float32 { return float32(max(0, 16-col)) * float32(col%16) },
		"infinite":  func(int, int) float32 { return float32(math.Inf(r.IntN(2)*2 - 1)) },
		"equal":     func(int, int) float32 { return 1 },
	}
	for name, value := range fill {
		for _, size := range [][2]int{{1, 1}, {3, 2}, {1, 40}, {7, 15}, {20, 48}, {33, 257}, {12, 1000}} {
			a := pruning.Matrix{Rows: size[0], Cols: size[1]}
			for row := range a.Rows {
				for col := range a.Cols {
					a.Data = append(a.Data, value(row, col))
				}
			}
			active := countAll(t, a)
			for _, rho := range []float64{0.05, 0.2, 0.7, 1} {
				for _, beta := range []float64{0.1, 0.4, 1} {
					got, want := coreNeurons(a, active, rho, beta), slowCore(a, rho, beta)
					if got.Limit != want.Limit || !slices.Equal(got.Counts, want.Counts) || !slices.Equal(got.Neurons, want.Neurons) {
						t.Fatalf("%s %v, rho %v, beta %v: limit %d, %d core neurons %v; want %d, %d, %v", name, size, rho, beta,
							got.Limit, len(got.Neurons), got.Neurons, want.Limit, len(want.Neurons), want.Neurons)
					}
				}
			}
		}
	}
}

func TestCountActive(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	negZero := float32(math.Copysign(0, -1))
	negNaN := math.Float32frombits(math.Float32bits(nan) | 1<<31)
	for _, c := range []struct {
		row []float32
		n   int
		ok  bool
	}{
		{[]float32{1, -1, 0, negZero, inf, -inf, math.SmallestNonzeroFloat32}, 3, true},
		{[]float32{math.MaxFloat32, -math.MaxFloat32}, 1, true},
		{nil, 0, true},
	} {
		if n, ok := countActive(c.row); n != c.n || ok != c.ok {
			t.Errorf("%v: %d active, %v; want %d, %v", c.row, n, ok, c.n, c.ok)
		}
	}
	for at := range 5 {
		for _, v := range []float32{nan, negNaN} {
			row := make([]float32, 5)
			row[at] = v
			if _, ok := countActive(row); ok {
				t.Errorf("a NaN at %d is not seen", at)
			}
		}
	}
}

func TestCoreSetInvariants(t *testing.T) {
	a := activations(50, 333, 9)
	active := countAll(t, a)
	var smaller core
	for _, beta := range []float64{0.02, 0.1, 0.333, 0.5, 0.9, 1} {
		c := coreNeurons(a, active, 0.2, beta)
		if len(c.Neurons) != int(beta*333) {
			t.Errorf("beta %v: %d core neurons, want ⌊beta·D⌋ = %d", beta, len(c.Neurons), int(beta*333))
		}
		sum := 0
		for _, n := range c.Counts {
			sum += int(n)
		}
		if sum != c.Limit*a.Rows {
			t.Errorf("counts add up to %d, want m·T = %d", sum, c.Limit*a.Rows)
		}
		// Ties go to the lower index at every beta, so nesting holds for them too.
		if lost := pruning.Without(smaller.Neurons, c.Neurons); len(lost) > 0 {
			t.Errorf("beta %v loses %v of a smaller core set", beta, lost)
		}
		for _, n := range c.Neurons {
			if c.Counts[n] < c.Lowest {
				t.Errorf("neuron %d is in with %d, the lowest count is said to be %d", n, c.Counts[n], c.Lowest)
			}
		}
		smaller = c
	}
}

func TestScalingANeuronChangesTheCore(t *testing.T) {
	a := activations(50, 100, 2)
	before := coreNeurons(a, countAll(t, a), 0.2, 0.2)
	n := 0
	for slices.Contains(before.Neurons, n) {
		n++
	}
	for r := range a.Rows {
		a.Row(r)[n] *= 1000
	}
	if after := coreNeurons(a, countAll(t, a), 0.2, 0.2); !slices.Contains(after.Neurons, n) {
		t.Errorf("neuron %d, a thousand times stronger, is not in the core", n)
	}
}

func TestNeuronsDecision(t *testing.T) {
	a := activations(30, 128, 8)
	d := only[*pruning.Neurons](t, decide(t, a, prompt(30, 2, 20), nil))
	if d.Layer != goldenLayer || d.Phase != pruning.Decode || len(d.Index.Lists) != 1 || len(d.Index.Lists[0]) != 51 {
		t.Fatalf("decision %+v", d)
	}
	lowest := float32(math.Inf(1))
	for _, n := range d.Index.Lists[0] {
		lowest = min(lowest, d.Scores[n])
	}
	if len(d.Scores) != 128 || d.Threshold != lowest {
		t.Errorf("%d scores, threshold %v; want 128 and the lowest count kept, %v", len(d.Scores), d.Threshold, lowest)
	}
}

// The sizes are LLaVA-1.5-7B's prompt and FFN, and the built-in model's.
var benchSizes = [][2]int{{616, 11008}, {280, 512}}

func BenchmarkCoreNeurons(b *testing.B) {
	for _, size := range benchSizes {
		a := activations(size[0], size[1], 1)
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			for b.Loop() {
				coreNeurons(a, countAll(b, a), 0.2, 0.4)
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, mode := range []string{"paper", "release"} {
		for _, size := range benchSizes {
			s := seen(activations(size[0], size[1], 1), prompt(size[0], 5, size[0]-24), goldenLayer)
			m := method(b, map[string]string{"mode": mode})
			b.Run(fmt.Sprintf("%s/%dx%d", mode, size[0], size[1]), func(b *testing.B) {
				for b.Loop() {
					if _, err := m.Decide(s); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkCountActive(b *testing.B) {
	a := activations(616, 11008, 1)
	for b.Loop() {
		countAll(b, a)
	}
}

func BenchmarkPictures(b *testing.B) {
	a, tokens := activations(616, 11008, 1), prompt(616, 5, 576)
	s := seen(a, tokens, goldenLayer)
	visual := pruning.Spans(tokens, pruning.Visual)
	core := coreNeurons(a, countAll(b, a), 0.2, 0.4)
	b.Run("match", func(b *testing.B) {
		for b.Loop() {
			overlaps(a, visual, core.Neurons)
		}
	})
	b.Run("cosine", func(b *testing.B) {
		for b.Loop() {
			cosineSeries(s, visual, a)
		}
	})
}
