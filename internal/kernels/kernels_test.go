package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"winnow/internal/compute"
)

// sizes are around the vectors of eight and the blocks of 32 and 64.
var sizes = []int{1, 2, 3, 7, 8, 9, 15, 16, 24, 31, 32, 40, 48, 63, 64, 65, 80, 96, 100, 128, 200}

func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func near(t *testing.T, what string, got, want []float32, within float64) {
	t.Helper()
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		if g == w || g != g && w != w {
			continue
		}
		if !(math.Abs(g-w) <= within*max(1, math.Abs(w))) {
			t.Fatalf("%s: number %d of %d is %v, want %v", what, i, len(want), g, w)
		}
	}
}

// pack is the sentence of the package comment, with codes of `width` channels a row.
func pack(codes []byte, bits, width int) []byte {
	lanes := 8 / bits
	var out []byte
	for r := 0; r < len(codes); r += width {
		for k := range width / lanes {
			b := byte(0)
			for l := range lanes {
				b += codes[r+l*width/lanes+k] << (l * bits)
			}
			out = append(out, b)
		}
	}
	return out
}

func TestUnpackGivesBackTheCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, bits := range []int{2, 4, 8} {
		for _, rowBytes := range sizes {
			for _, rows := range []int{1, 2, 5, 9} {
				width := rowBytes * 8 / bits
				codes := make([]byte, rows*width)
				want := make([]float32, len(codes))
				for i := range codes {
					codes[i] = byte(r.IntN(1 << bits))
					want[i] = float32(codes[i])
				}
				got := append(make([]float32, len(want)), -1, -1)
				Unpack(got, pack(codes, bits, width), bits, rowBytes)
				if !slices.Equal(got[:len(want)], want) {
					t.Fatalf("%d bits, %d rows of %d bytes: %v, want %v", bits, rows, rowBytes, got, want)
				}
				if got[len(want)] != -1 {
					t.Fatalf("%d bits, %d rows of %d bytes: written past the end", bits, rows, rowBytes)
				}
			}
		}
	}
}

func TestDotsAndAxpysAreSums(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, dim := range sizes {
		for _, rows := range []int{1, 3, 4, 5, 8, 13, 32} {
			for _, queries := range []int{1, 2, 3, 4} {
				name := fmt.Sprintf("%d queries, %d rows of %d", queries, rows, dim)
				stride, ld := dim+r.IntN(3), rows+r.IntN(3)
				q, x := normal(r, queries*dim), normal(r, rows*stride)
				got := append(normal(r, (queries-1)*ld+rows), 7)
				want := slices.Clone(got)
				for j := range queries {
					for c := range rows {
						sum := 0.0
						for i := range dim {
							sum += float64(q[j*dim+i]) * float64(x[c*stride+i])
						}
						want[j*ld+c] = float32(sum)
					}
				}
				Dots(got, ld, q, x, stride, dim, rows)
				near(t, "dots, "+name, got, want, 1e-5)

				w := normal(r, queries*ld)
				acc := normal(r, queries*dim)
				sums := slices.Clone(acc)
				for j := range queries {
					for i := range dim {
						sum := float64(acc[j*dim+i])
						for c := range rows {
							sum += float64(w[j*ld+c]) * float64(x[c*stride+i])
						}
						sums[j*dim+i] = float32(sum)
					}
				}
				Axpys(acc, w, ld, x, stride, dim, rows)
				near(t, "axpys, "+name, acc, sums, 1e-5)
			}
		}
	}
}

// TestHalvesAreExact goes through all 65536 of them.
func TestHalvesAreExact(t *testing.T) {
	src := make([]uint16, 1<<16+3)
	for i := range src {
		src[i] = uint16(i)
	}
	got := make([]float32, len(src))
	Halves(got, src)
	for i, h := range src {
		want := compute.FromF16(h)
		if math.Float32bits(got[i]) != math.Float32bits(want) && (want == want || got[i] == got[i]) {
			t.Fatalf("half %04x is %v, want %v", h, got[i], want)
		}
	}
}

func TestExpIsTwoRoundingsOff(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	inf := float32(math.Inf(-1))
	for _, n := range append(sizes, 5000) {
		x := make([]float32, n)
		for i := range x {
			x[i] = 3 - 95*r.Float32()
		}
		x[0] = 3
		if n > 2 {
			x[n/2] = inf
		}
		want, total := make([]float32, n), 0.0
		for i, v := range x {
			e := math.Exp(float64(v - 3))
			total += e
			want[i] = float32(e)
		}
		sum := Exp(x, 3)
		near(t, "sum", []float32{sum}, []float32{float32(total)}, 1e-5)
		for i := range x {
			// Below e⁻⁸⁷ both are 0 to any softmax.
			if d := math.Abs(float64(x[i]) - float64(want[i])); d > 2.5e-7*float64(want[i]) && want[i] > 2e-38 || want[i] <= 2e-38 && x[i] > 3e-38 {
				t.Fatalf("exp number %d of %d is %v, want %v", i, n, x[i], want[i])
			}
		}
	}
	nan := float32(math.NaN())
	x := []float32{0, 1, nan, 0, 0, 0, 0, 0, nan}
	if s := Exp(x, 1); s == s || x[2] == x[2] || x[8] == x[8] || x[1] != 1 {
		t.Errorf("with two NaN: %v, sum %v", x, s)
	}
}

func TestSmallKernels(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, n := range sizes {
		a, b, c := normal(r, n), normal(r, n), normal(r, n)
		if got, want := Max(a), slices.Max(a); got != want {
			t.Fatalf("the largest of %d is %v, want %v", n, got, want)
		}
		want, sum := make([]float32, n), 0.0
		for i := range a {
			want[i] = a[i] * b[i]
			sum += float64(a[i]) * float64(c[i])
		}
		got := make([]float32, n)
		near(t, "weighed sum", []float32{Weigh(got, a, b, c)}, []float32{float32(sum)}, 1e-5)
		if !slices.Equal(got, want) {
			t.Fatalf("weighed %d: %v, want %v", n, got, want)
		}
		for i := range a {
			want[i] = a[i]*0.5 + c[i]*(b[i]+2)
		}
		Fold(a, b, c, 0.5, 2)
		near(t, "folded", a, want, 1e-6)
	}
}

// TestGenericGivesTheSame runs the tests above on the plain loops.
func TestGenericGivesTheSame(t *testing.T) {
	if !generic(t) {
		t.Skip("there is no assembly for this processor: the other tests have tested the plain loops")
	}
	t.Run("unpack", TestUnpackGivesBackTheCodes)
	t.Run("dots and axpys", TestDotsAndAxpysAreSums)
	t.Run("halves", TestHalvesAreExact)
	t.Run("exp", TestExpIsTwoRoundingsOff)
	t.Run("small", TestSmallKernels)
}
