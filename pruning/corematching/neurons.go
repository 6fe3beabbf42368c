package corematching

import (
	"math"
	"math/bits"
	"slices"

	"winnow/pruning"
)

// core is what section 2 of CoreInfer computes for one FFN layer.
type core struct {
	// Limit is m, how many neurons each token names.
	Limit int
	// Counts is c, by how many tokens each neuron was named; their sum is m·T.
	Counts []int32
	// Neurons is C, ascending.
	Neurons []int
	// Lowest count in C.
	Lowest int32
}

// coreNeurons finds the neurons that most tokens of a·[T × D] are led by: each token names its m
// strongest, and the ⌊beta·D⌋ named most often are the core. Equal activations and equal counts
// go to the lower index; neurons that nobody named fill up, so that beta = 1 is all of them.
//
// active is the number of entries above zero (see countActive); m is its mean over the tokens
// times rho, one m for all tokens, as in the authors' code.
func coreNeurons(a pruning.Matrix, active int, rho, beta float64) core {
	c := core{Counts: make([]int32, a.Cols)}
	if a.Rows > 0 {
		c.Limit = int(rho * float64(active) / float64(a.Rows))
	}
	counts := [2][]int32{c.Counts, make([]int32, a.Cols)}
	pruning.Halves(a.Rows, func(half, from, to int) {
		var pick selector
		for t := from; t < to; t++ {
			for _, packed := range pick.strongest(a.Row(t), c.Limit) {
				counts[half][neuronOf(packed)]++
			}
		}
	})
	for n, more := range counts[1] {
		c.Counts[n] += more
	}
	c.Neurons, c.Lowest = mostCounted(c.Counts, a.Rows, int(beta*float64(a.Cols)))
	return c
}

// mostCounted returns the k indices with the largest counts, ascending, and the lowest of those
// counts. Counts lie in [0, highest], so they are sorted by counting.
func mostCounted(counts []int32, highest, k int) ([]int, int32) {
	k = min(k, len(counts))
	if k <= 0 {
		return nil, 0
	}
	withCount := make([]int, highest+1)
	for _, c := range counts {
		withCount[c]++
	}
	lowest, above := highest, 0
	for above+withCount[lowest] < k {
		above += withCount[lowest]
		lowest--
	}
	ties := k - above
	out := make([]int, 0, k)
	for n, c := range counts {
		switch {
		case int(c) > lowest:
			out = append(out, n)
		case int(c) == lowest && ties > 0:
			out = append(out, n)
			ties--
		}
	}
	return out, int32(lowest)
}

// countActive counts the entries above zero; ok is false when a NaN is among them. It runs over
// every activation of a layer, hence integer arithmetic without branches: a float above zero is
// an int32 above zero, and only a NaN's magnitude lies above that of infinity.
func countActive(row []float32) (n int, ok bool) {
	var nan uint32
	var n0, n1, n2, n3 uint64
	for len(row) >= 4 {
		four := (*[4]float32)(row)
		b0, b1 := math.Float32bits(four[0]), math.Float32bits(four[1])
		b2, b3 := math.Float32bits(four[2]), math.Float32bits(four[3])
		n0, n1 = n0+aboveZero(b0), n1+aboveZero(b1)
		n2, n3 = n2+aboveZero(b2), n3+aboveZero(b3)
		nan |= aboveInf(b0) | aboveInf(b1) | aboveInf(b2) | aboveInf(b3)
		row = row[4:]
	}
	for _, v := range row {
		b := math.Float32bits(v)
		n0 += aboveZero(b)
		nan |= aboveInf(b)
	}
	return int(n0 + n1 + n2 + n3), nan>>31 == 0
}

// aboveZero is 1 for the bits of a float above zero, else 0.
func aboveZero(b uint32) uint64 { return uint64(-int64(int32(b))) >> 63 }

// aboveInf has its highest bit set for the bits of a NaN.
func aboveInf(b uint32) uint32 { return 0x7f800000 - b&^(1<<31) }

// An activation is packed with its neuron into one number that sorts by activation first and,
// among equals, by lower neuron: [ order-preserving bits | complement of the neuron ].

func pack(v float32, neuron int) uint64 {
	b := math.Float32bits(v)
	switch {
	case b == 1<<31: // −0 equals 0
		b = 0
		fallthrough
	case b>>31 == 0:
		b |= 1 << 31
	default:
		b = ^b
	}
	return uint64(b)<<32 | uint64(^uint32(neuron))
}

func neuronOf(packed uint64) int { return int(^uint32(packed)) }

// selector finds the strongest neurons of one row after another.
type selector struct {
	// found holds the packed candidates of the current row; it is reused by the next.
	found []uint64
	// sample is a sorted sample of the current row.
	sample [maxSample]uint64
}

const maxSample = 128

// strongest returns the m largest of a row, packed, in no order; valid until the next call.
//
// A sorted sample gives a bar that a little more than m entries pass; one pass collects those,
// and only among them the exact m are selected. When the bar was too high the next one is 0, and
// a token with fewer than m active neurons has all of its row ranked.
func (s *selector) strongest(row []float32, m int) []uint64 {
	if m <= 0 {
		return nil
	}
	m = min(m, len(row))
	if len(s.found) < len(row)+1 {
		s.found = make([]uint64, len(row)+1)
	}
	n := s.above(row, s.bar(row, m))
	if n < m {
		n = s.above(row, 0)
	}
	if n < m {
		for n = range row {
			s.found[n] = pack(row[n], n)
		}
		n = len(row)
	}
	s.partition(s.found[:n], m)
	return s.found[:m]
}

// bar estimates, from a sample of the row, the bits of a float that more than m entries exceed;
// 0 when nothing above zero will do.
func (s *selector) bar(row []float32, m int) int32 {
	size := min(max(len(row)/16, 16), maxSample, len(row))
	stride := len(row) / size
	sample := s.sample[:size]
	for i := range sample {
		sample[i] = uint64(max(int32(math.Float32bits(row[i*stride])), 0))
	}
	sortDown(sample)
	expected := float64(m) * float64(size) / float64(len(row))
	rank := int(expected + 2*math.Sqrt(expected) + 1)
	if rank >= size {
		return 0
	}
	return int32(sample[rank])
}

// above collects the packed entries whose bits exceed bar ≥ 0 and returns how many there are.
// Every entry is written and the place moves on only behind those that count: no branch to miss.
func (s *selector) above(row []float32, bar int32) int {
	found, n := s.found[:len(row)+1], 0
	for i, v := range row {
		b := math.Float32bits(v)
		found[n] = uint64(b|1<<31)<<32 | uint64(^uint32(i))
		n += int(uint64(int64(bar)-int64(int32(b))) >> 63)
	}
	return n
}

// partition moves the m largest to the front. All entries differ, since neurons do.
func (s *selector) partition(x []uint64, m int) {
	for round := 0; m > 0 && m < len(x); round++ {
		if round == 16 { // samples that mislead time and again: none is known
			slices.Sort(x)
			slices.Reverse(x)
			return
		}
		if len(x) <= 24 {
			sortDown(x)
			return
		}
		// The pivot is the sample's element nearest to the wanted rank.
		sample := s.sample[:min(max(len(x)/32, 8), 32)]
		stride := len(x) / len(sample)
		for i := range sample {
			sample[i] = x[i*stride]
		}
		sortDown(sample)
		pivot := sample[min(m*len(sample)/len(x), len(sample)-1)]
		larger := 0
		for i, v := range x {
			x[i] = x[larger]
			x[larger] = v
			_, less := bits.Sub64(pivot, v, 0)
			larger += int(less)
		}
		switch {
		case larger >= m:
			x = x[:larger]
		default:
			x, m = x[larger:], m-larger
			// The pivot is the largest of the rest; it goes first, so that every round ends smaller.
			at := slices.Index(x, pivot)
			x[0], x[at] = x[at], x[0]
			x, m = x[1:], m-1
		}
	}
}

// sortDown is an insertion sort: the samples are small.
func sortDown(x []uint64) {
	for i := 1; i < len(x); i++ {
		v, j := x[i], i
		for ; j > 0 && x[j-1] < v; j-- {
			x[j] = x[j-1]
		}
		x[j] = v
	}
}
