package pruning

import "testing"

func TestHalvesVisitEveryRowOnce(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 1001} {
		seen := make([]int, n)
		Halves(n, func(half, from, to int) {
			if half == 1 != (from > 0) {
				t.Errorf("%d rows: half %d starts at %d", n, half, from)
			}
			for i := from; i < to; i++ {
				seen[i]++
			}
		})
		for i, times := range seen {
			if times != 1 {
				t.Errorf("%d rows: row %d was visited %d times", n, i, times)
			}
		}
	}
}
