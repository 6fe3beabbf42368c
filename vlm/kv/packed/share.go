package packed

import (
	"math"
	"sync"

	"winnow/internal/compute"
	"winnow/internal/kernels"
)

const (
	// runRows is how many rows have their scores at hand at once, a multiple of 8.
	runRows = 512
	// tileFloats is what an unpacked tile should take: half of a small first cache.
	tileFloats = 4096
	// tileRows is the least number of rows in a tile: what the kernels take at once.
	tileRows = 4
)

// work is one thread's room.
type work struct {
	*attention
	kvHeads, group int       // group query heads share a key head
	q              []float32 // scaled
	keyQuery       []float32 // q·step of a class
	keyBias        []float32 // Σ q·min of each head
	scores         []float32 // [heads][runRows]: logits, then exp(logit-max)
	weights        []float32 // [heads][runRows]: the same times the row's step
	keep           []float32 // of each head: what the sums so far shrink by
	valueMin       []float32 // of each head: Σ p·min
	acc            []float32 // Σ (p·step)·code
	tile           []float32
	ones           []float32
	// open lists the tail rows that are not hidden, bias what their mask adds.
	open       []int
	bias       []float32
	keys, vals compute.HostTensor
}

// works holds rooms that no thread uses now.
var works sync.Pool

func takeWork(a *attention) *work {
	w, ok := works.Get().(*work)
	if !ok || w.heads != a.heads || w.dim != a.dim || w.kvHeads != a.store.kvHeads {
		w = newWork(a.heads, a.dim, a.store.kvHeads)
	}
	w.attention = a
	w.open, w.bias = w.open[:0], w.bias[:0]
	return w
}

func newWork(heads, dim, kvHeads int) *work {
	w := &work{kvHeads: kvHeads, group: heads / kvHeads}
	tile := max(tileFloats, tileRows*kvHeads*dim)
	parts := []struct {
		to *[]float32
		n  int
	}{{&w.q, heads * dim}, {&w.keyQuery, heads * dim}, {&w.acc, heads * dim}, {&w.scores, heads * runRows},
		{&w.weights, heads * runRows}, {&w.tile, tile}, {&w.ones, dim}, {&w.keyBias, heads}, {&w.keep, heads}, {&w.valueMin, heads}}
	const line = 16 // each begins on a line of cache
	all := 0
	for _, p := range parts {
		all += (p.n + line - 1) / line * line
	}
	room := make([]float32, all)
	for _, p := range parts {
		*p.to = room[:p.n:p.n]
		room = room[(p.n+line-1)/line*line:]
	}
	for i := range w.ones {
		w.ones[i] = 1
	}
	return w
}

// query copies the query, head after head, and scales it.
func (w *work) query(t compute.HostTensor) {
	to := w.q
	for i3 := range t.Shape[3] {
		for i2 := range t.Shape[2] {
			for i1 := range t.Shape[1] {
				for i, f := range t.Floats(i1, i2, i3, t.Shape[0]) {
					to[i] = f * w.scale
				}
				to = to[t.Shape[0]:]
			}
		}
	}
}

// openTail notes the tail and which of its rows are not hidden.
func (w *work) openTail(src []compute.HostTensor) {
	w.keys, w.vals = src[0], src[1]
	for r := range w.keys.Shape[1] {
		bias := float32(0)
		if w.masked {
			if m := src[2]; m.Type == compute.F16 {
				bias = compute.FromF16(m.Halves(0, 0, 0, r+1)[r])
			} else {
				bias = m.Floats(0, 0, 0, r+1)[r]
			}
		}
		if bias != minusInf {
			w.open, w.bias = append(w.open, r), append(w.bias, bias)
		}
	}
}

// share works out entries [from, to) of the store and the open tail after it.
func (w *work) share(out softmax, from, to int) {
	clear(out.o)
	clear(out.sum)
	for h := range out.max {
		out.max[h] = minusInf
	}
	first := 0
	// piece visits the part of n rows that the share has of them, run by run.
	piece := func(n int, visit func(a, b int)) {
		a, b := max(from-first, 0), min(to-first, n)
		for ; a < b; a += runRows {
			visit(a, min(a+runRows, b))
		}
		first += n
	}
	for _, b := range w.store.list() {
		for _, s := range b.sections {
			piece(len(s.rows), func(a, z int) { w.packedRun(out, b, s, a, z) })
		}
	}
	piece(len(w.open), func(a, z int) { w.tailRun(out, a, z) })
}

// packedRun adds rows [a, z) of a class.
func (w *work) packedRun(out softmax, b *Block, s *section, a, z int) {
	n, dim, group := z-a, w.dim, w.group
	for h := range w.heads {
		at, c := h*dim, h/group*dim
		w.keyBias[h] = kernels.Weigh(w.keyQuery[at:at+dim], w.q[at:at+dim], s.keyStep[c:c+dim], s.keyMin[c:c+dim])
	}
	s.tiles(w.tile, s.keys, a, z, func(head, r, rows int, tile []float32) {
		kernels.Dots(w.scores[head*group*runRows+r:], runRows, w.keyQuery[head*group*dim:(head+1)*group*dim], tile, s.padded, dim, rows)
	})
	w.soften(out, n)
	for h := range w.heads {
		at := h * runRows
		w.valueMin[h] = kernels.Weigh(w.weights[at:at+n], w.scores[at:at+n], s.valueStep[a:z], s.valueMin[a:z])
	}
	clear(w.acc)
	s.tiles(w.tile, s.values, a, z, func(head, r, rows int, tile []float32) {
		kernels.Axpys(w.acc[head*group*dim:(head+1)*group*dim], w.weights[head*group*runRows+r:], runRows, tile, s.padded, dim, rows)
	})
	for h := range w.heads {
		at, c := h*dim, h/group*dim
		kernels.Fold(out.o[at:at+dim], w.acc[at:at+dim], b.scale[c:c+dim], w.keep[h], w.valueMin[h])
	}
}

// tiles unpacks the codes of rows [a, z) tile by tile and shows each key head's part of it:
// rows rows from row a+r on, padded numbers apart.
func (s *section) tiles(room []float32, codes []byte, a, z int, visit func(head, r, rows int, tile []float32)) {
	step := max(tileRows, tileFloats/s.padded/tileRows*tileRows)
	for seg := range s.segments {
		for r := a; r < z; r += step {
			rows := min(step, z-r)
			at := s.at(seg, len(s.rows), r)
			kernels.Unpack(room, codes[at:at+rows*s.segBytes], s.bits, s.segBytes)
			s.heads(seg, func(head, offset int) { visit(head, r-a, rows, room[offset:]) })
		}
	}
}

// soften turns the logits of n rows into exp(logit-max) with the largest seen yet, and says
// in keep what the sums so far shrink by.
func (w *work) soften(out softmax, n int) {
	whole := (n + 7) &^ 7 // kernels take eight; what is added is exp(-inf)
	for h := range w.heads {
		x := w.scores[h*runRows:][:whole]
		for i := n; i < whole; i++ {
			x[i] = minusInf
		}
		top := max(out.max[h], kernels.Max(x)+w.keyBias[h])
		w.keep[h] = float32(math.Exp(float64(out.max[h] - top)))
		out.max[h] = top
		out.sum[h] = out.sum[h]*w.keep[h] + kernels.Exp(x, top-w.keyBias[h])
	}
}

// tailRun adds open tail rows [a, z).
func (w *work) tailRun(out softmax, a, z int) {
	n, dim, group, width := z-a, w.dim, w.group, w.kvHeads*w.dim
	step := len(w.tile) / width / tileRows * tileRows
	clear(w.keyBias)
	for r := a; r < z; r += step {
		rows := min(step, z-r)
		w.gather(w.keys, r, rows)
		for g := range w.kvHeads {
			kernels.Dots(w.scores[g*group*runRows+r-a:], runRows, w.q[g*group*dim:(g+1)*group*dim], w.tile[g*dim:], width, dim, rows)
		}
	}
	if w.masked {
		for h := range w.heads {
			for i, bias := range w.bias[a:z] {
				w.scores[h*runRows+i] += bias
			}
		}
	}
	w.soften(out, n)
	clear(w.acc)
	for r := a; r < z; r += step {
		rows := min(step, z-r)
		w.gather(w.vals, r, rows)
		for g := range w.kvHeads {
			kernels.Axpys(w.acc[g*group*dim:(g+1)*group*dim], w.scores[g*group*runRows+r-a:], runRows, w.tile[g*dim:], width, dim, rows)
		}
	}
	for h := range w.heads {
		kernels.Fold(out.o[h*dim:(h+1)*dim], w.acc[h*dim:(h+1)*dim], w.ones, w.keep[h], 0)
	}
}

// gather widens open tail rows [r, r+rows) into the tile.
func (w *work) gather(t compute.HostTensor, r, rows int) {
	width := w.kvHeads * w.dim
	for i, row := range w.open[r : r+rows] {
		to := w.tile[i*width : (i+1)*width]
		if t.Type == compute.F16 {
			kernels.Halves(to, t.Halves(row, 0, 0, width))
		} else {
			copy(to, t.Floats(row, 0, 0, width))
		}
	}
}
