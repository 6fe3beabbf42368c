package ref

// A task of mulMat makes a tile of the result; the parts of w and x that it reads stay in the
// processor's second cache while they are used.
const (
	tileW = 32  // rows of w
	tileX = 64  // rows of x
	tileK = 512 // elements of both rows
)

// mulMat: out[i, j] = Σ_k w[k, i]·x[k, j], consecutive matrices of x sharing one of w.
//
//	x [k, m] ─┐            tile: w rows i..i+32 × x rows j..j+64, over k in parts of 512,
//	w [k, n] ─┴▶ out [n, m]      each part 2 rows of w by 4 rows of x at a time
func (p *program) mulMat(out, w, x view) {
	n, m := out.shape[0], out.shape[1]
	tilesW, tilesX := (n+tileW-1)/tileW, (m+tileX-1)/tileX
	share2, share3 := x.shape[2]/w.shape[2], x.shape[3]/w.shape[3]
	tasks := out.shape[2] * out.shape[3] * tilesW * tilesX
	if out.shape.Elements()*w.shape[0] < 1<<14 { // not worth a goroutine
		tasks = -tasks
	}
	run := func(lo, hi int) {
		for t := lo; t < hi; t++ {
			i, j := t%tilesW*tileW, t/tilesW%tilesX*tileX
			mat := t / (tilesW * tilesX)
			i2, i3 := mat%out.shape[2], mat/out.shape[2]
			q := product{
				w: w.floats, x: x.floats, out: out.floats[mat*n*m:], n: n, k: w.shape[0],
				wAt: w.at(0, i2/share2, i3/share3), wStep: w.stride[1],
				xAt: x.at(0, i2, i3), xStep: x.stride[1],
			}
			q.tile(i, min(i+tileW, n), j, min(j+tileX, m))
		}
	}
	if tasks < 0 {
		run(0, -tasks)
		return
	}
	parallel(p.owner.threads, tasks, 1, run)
}

// product is one matrix by one matrix.
type product struct {
	w, x, out    []float32
	n, k         int // out has rows of n; rows of w and x hold k numbers
	wAt, wStep   int // where the first row starts, and how far the next lies
	xAt, xStep   int
	from, length int // the part of k under way
}

func (q *product) rowW(i int) []float32 { return q.w[q.wAt+i*q.wStep+q.from:][:q.length] }
func (q *product) rowX(j int) []float32 { return q.x[q.xAt+j*q.xStep+q.from:][:q.length] }

// put sets an element at the first part of k and adds to it at the others.
func (q *product) put(i, j int, f float32) {
	if o := &q.out[j*q.n+i]; q.from == 0 {
		*o = f
	} else {
		*o += f
	}
}

// tile computes out[i0:i1, j0:j1].
func (q *product) tile(i0, i1, j0, j1 int) {
	for q.from = 0; q.from < q.k; q.from += tileK {
		q.length = min(tileK, q.k-q.from)
		i := i0
		for ; i+2 <= i1; i += 2 {
			a, b := q.rowW(i), q.rowW(i+1)
			j := j0
			for ; j+4 <= j1; j += 4 {
				s := dot2x4(a, b, q.rowX(j), q.rowX(j+1), q.rowX(j+2), q.rowX(j+3))
				for c := range 4 {
					q.put(i, j+c, s[c])
					q.put(i+1, j+c, s[4+c])
				}
			}
			for ; j < j1; j++ {
				q.put(i, j, dot(a, q.rowX(j)))
				q.put(i+1, j, dot(b, q.rowX(j)))
			}
		}
		for ; i < i1; i++ {
			a := q.rowW(i)
			for j := j0; j < j1; j++ {
				q.put(i, j, dot(a, q.rowX(j)))
			}
		}
	}
}

// dot2x4 is a and b by four rows. Eight sums in registers take six loads for eight products,
// where eight dot products would take sixteen.
func dot2x4(a, b, x0, x1, x2, x3 []float32) [8]float32 {
	b, x0, x1, x2, x3 = b[:len(a)], x0[:len(a)], x1[:len(a)], x2[:len(a)], x3[:len(a)]
	var a0, a1, a2, a3, b0, b1, b2, b3 float32
	for i, u := range a {
		v := b[i]
		y0, y1, y2, y3 := x0[i], x1[i], x2[i], x3[i]
		a0 += u * y0
		a1 += u * y1
		a2 += u * y2
		a3 += u * y3
		b0 += v * y0
		b1 += v * y1
		b2 += v * y2
		b3 += v * y3
	}
	return [8]float32{a0, a1, a2, a3, b0, b1, b2, b3}
}

// dot uses four sums, so that an addition need not wait for the one before.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i, u := range a {
		s0 += u * b[i]
	}
	return s0 + s1 + (s2 + s3)
}
