package picture

import "image"

// chroma converts the rows of a YCbCr picture with reduced chroma to RGB, interpolating chroma as the C
// libraries do.
//
//	JPEG (libjpeg's "fancy upsampling"): a chroma sample counts 3/4 for the nearer of two pixels and 1/4
//	for the farther, along each reduced axis, both axes added up before one rounding.
//	WebP (libwebp): 9/16, 3/16, 3/16, 1/16 of the four samples around, rounded in two stages.
type chroma struct {
	m      *image.YCbCr
	w      int
	cw, ch int // size of the chroma planes
	hs, vs int // pixels a chroma sample covers
	video  bool
	cb, cr []uint8 // one row at full width, up to hs-1 samples longer
	sums   []int32
}

func newChroma(m *image.YCbCr, video bool) *chroma {
	c := &chroma{m: m, w: m.Rect.Dx(), hs: 1, vs: 1, video: video}
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		c.hs = 2
	case image.YCbCrSubsampleRatio420:
		c.hs, c.vs = 2, 2
	case image.YCbCrSubsampleRatio440:
		c.vs = 2
	case image.YCbCrSubsampleRatio411:
		c.hs = 4
	case image.YCbCrSubsampleRatio410:
		c.hs, c.vs = 4, 2
	}
	c.cw, c.ch = (c.w+c.hs-1)/c.hs, (m.Rect.Dy()+c.vs-1)/c.vs
	c.cb, c.cr = make([]uint8, c.cw*c.hs), make([]uint8, c.cw*c.hs)
	c.sums = make([]int32, c.cw)
	return c
}

func (c *chroma) row(y int, dst []uint8) {
	c.widen(c.cb, c.m.Cb, y)
	c.widen(c.cr, c.m.Cr, y)
	luma := c.m.Y[y*c.m.YStride:][:c.w]
	if c.video {
		videoToRGB(dst, luma, c.cb, c.cr)
	} else {
		fullToRGB(dst, luma, c.cb, c.cr)
	}
}

// widen brings the chroma of row y to full width.
func (c *chroma) widen(dst, plane []uint8, y int) {
	line := func(cy int) []uint8 { return plane[min(max(cy, 0), c.ch-1)*c.m.CStride:][:c.cw] }
	near, far := line(y/c.vs), line(y/c.vs)
	if c.vs == 2 { // the farther row lies above the even rows and below the odd ones
		far = line(y/2 - 1 + 2*(y&1))
	}
	switch {
	case c.hs == 2 && c.vs == 2 && c.video:
		libwebp(dst, near, far, c.w)
	case c.hs == 2 && c.vs == 2 && c.cw > 2:
		for i := range c.sums {
			c.sums[i] = 3*int32(near[i]) + int32(far[i])
		}
		triangle(dst, c.sums, 4, 8, 7)
	case c.hs == 2 && c.vs == 1 && c.cw > 2:
		for i := range c.sums {
			c.sums[i] = int32(near[i])
		}
		triangle(dst, c.sums, 2, 1, 2)
	case c.hs == 1 && c.vs == 2:
		round := int32(1 + y&1)
		for i := range dst {
			dst[i] = uint8((3*int32(near[i]) + int32(far[i]) + round) >> 2)
		}
	default:
		for i := range dst {
			dst[i] = near[i/c.hs]
		}
	}
}

// triangle doubles the width: each output is 3/4 of its own sample and 1/4 of its neighbour on that side.
// The two roundings alternate, so that no half is favoured.
func triangle(dst []uint8, s []int32, shift int, left, right int32) {
	n := len(s)
	for i := range n {
		before, after := s[max(i-1, 0)], s[min(i+1, n-1)]
		dst[2*i] = uint8((3*s[i] + before + left) >> shift)
		dst[2*i+1] = uint8((3*s[i] + after + right) >> shift)
	}
}

func libwebp(dst, near, far []uint8, w int) {
	edge := func(i int) uint8 { return uint8((3*int(near[i]) + int(far[i]) + 2) >> 2) }
	dst[0] = edge(0)
	for i := 1; i < len(near); i++ {
		nl, nr, fl, fr := int(near[i-1]), int(near[i]), int(far[i-1]), int(far[i])
		all := nl + nr + fl + fr + 8
		dst[2*i-1] = uint8(((all+2*(nr+fl))>>3 + nl) >> 1)
		dst[2*i] = uint8(((all+2*(nl+fr))>>3 + nr) >> 1)
	}
	if w&1 == 0 {
		dst[w-1] = edge(len(near) - 1)
	}
}

// jfif are the chroma terms of full-range YCbCr in 16-bit fixed point, rounded as in libjpeg.
var jfif = func() (t struct{ r, b, gr, gb [256]int32 }) {
	fix := func(v float64) int32 { return int32(v*65536 + 0.5) }
	for i := range 256 {
		x := int32(i) - 128
		t.r[i] = (fix(1.402)*x + 1<<15) >> 16
		t.b[i] = (fix(1.772)*x + 1<<15) >> 16
		t.gr[i] = -fix(0.714136286) * x
		t.gb[i] = -fix(0.344136286)*x + 1<<15
	}
	return t
}()

func fullToRGB(dst, luma, cb, cr []uint8) {
	for i, v := range luma {
		y, b, r := int32(v), cb[i], cr[i]
		put(dst[4*i:], clamp(y+jfif.r[r]), clamp(y+(jfif.gb[b]+jfif.gr[r])>>16), clamp(y+jfif.b[b]))
	}
}

// videoToRGB is ITU-R BT.601 with luma 16…235, in libwebp's 14-bit fixed point.
func videoToRGB(dst, luma, cb, cr []uint8) {
	mul := func(v uint8, k int32) int32 { return int32(v) * k >> 8 }
	for i, v := range luma {
		y, u, w := mul(v, 19077), cb[i], cr[i]
		put(dst[4*i:],
			clamp((y+mul(w, 26149)-14234)>>6),
			clamp((y-mul(u, 6419)-mul(w, 13320)+8708)>>6),
			clamp((y+mul(u, 33050)-17685)>>6))
	}
}

func clamp(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
