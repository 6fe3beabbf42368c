package agree

import (
	"fmt"
	"testing"

	"winnow/internal/compute"
)

// TestShortRowsAgree: matrices of one block a row and of a few, with columns around the tile of a
// product, all threads taking part.
func TestShortRowsAgree(t *testing.T) {
	var cases []opCase
	for _, typ := range []compute.Type{compute.Q8_0, compute.Q4_0, compute.Q4_1, compute.Q5_0, compute.Q5_1} {
		for _, in := range []int{32, 64, 96} {
			for _, out := range []int{8, 64, 256} {
				for _, columns := range []int{1, 31, 32, 33, 64, 100} {
					cases = append(cases, opCase{fmt.Sprintf("%v/%d×%d/%d columns", typ, in, out, columns), quantised,
						func(l *lab) *compute.Tensor {
							if s, ok := l.be.(compute.Streaker); ok {
								s.Streak(true)
								l.Cleanup(func() { s.Streak(false) })
							}
							return l.MulMat(l.weight(typ, compute.UseMatrix, in, out), l.f32(in, columns))
						}})
				}
			}
		}
	}
	agree(t, cases)
}

// TestShortRowsAreNotRepacked: what is repacked cannot be read back.
func TestShortRowsAreNotRepacked(t *testing.T) {
	be := open(t, "cpu")
	l := newLab(t, be)
	for _, typ := range []compute.Type{compute.Q8_0, compute.Q4_0, compute.Q4_1, compute.Q5_0, compute.Q5_1} {
		for _, use := range []compute.Use{compute.UseMatrix, compute.UseMatrixBriefly, compute.UseAny} {
			w := l.weight(typ, use, 32, 64)
			if err := w.Array.Read(0, make([]byte, typ.RowBytes(32))); err != nil {
				t.Errorf("%v for use %d: %v", typ, use, err)
			}
		}
	}
}
