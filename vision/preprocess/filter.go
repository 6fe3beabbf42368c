package preprocess

import (
	"fmt"
	"math"
)

// Filter is a resampling kernel.
type Filter int

// The kernels, named and numbered as Pillow does (the field "resample" of a preprocessor_config.json).
const (
	Nearest  Filter = 0
	Lanczos  Filter = 1
	Bilinear Filter = 2
	Bicubic  Filter = 3
	Box      Filter = 4
	Hamming  Filter = 5
)

var filterNames = map[Filter]string{
	Nearest: "nearest", Lanczos: "lanczos", Bilinear: "bilinear", Bicubic: "bicubic", Box: "box", Hamming: "hamming",
}

func (f Filter) String() string {
	if n, ok := filterNames[f]; ok {
		return n
	}
	return fmt.Sprintf("filter %d", int(f))
}

// FilterNamed finds a filter by its name, as String gives it.
func FilterNamed(name string) (Filter, error) {
	for f, n := range filterNames {
		if n == name {
			return f, nil
		}
	}
	return 0, fmt.Errorf("%q is no resampling filter; use nearest, lanczos, bilinear, bicubic, box or hamming", name)
}

// kernel gives the weight function of f and the distance beyond which it is zero, both in pixels of the
// larger of the two grids. The conversions around products keep compilers from fusing them with the
// sums, which would round differently on some processors.
func (f Filter) kernel() (weight func(x float64) float64, support float64) {
	switch f {
	case Bilinear:
		return func(x float64) float64 { return max(0, 1-math.Abs(x)) }, 1
	case Bicubic: // Keys' kernel with a = -0.5
		const a = -0.5
		return func(x float64) float64 {
			x = math.Abs(x)
			switch {
			case x < 1:
				return float64(float64((float64((a+2)*x)-(a+3))*x)*x) + 1
			case x < 2:
				return (float64((float64((x-5)*x)+8)*x) - 4) * a
			}
			return 0
		}, 2
	case Lanczos:
		return func(x float64) float64 {
			if x < -3 || x >= 3 {
				return 0
			}
			return sinc(x) * sinc(x/3)
		}, 3
	case Box:
		return func(x float64) float64 {
			if x > -0.5 && x <= 0.5 {
				return 1
			}
			return 0
		}, 0.5
	case Hamming:
		return func(x float64) float64 {
			x = math.Abs(x)
			if x >= 1 {
				return 0
			}
			if x == 0 {
				return 1
			}
			x *= math.Pi
			return sine(x) / x * (0.54 + float64(0.46*math.Cos(x)))
		}, 1
	}
	panic("preprocess: no kernel for " + f.String())
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return sine(x) / x
}

// sine is sin(x) for |x| < 10, within 0.6 units of the last place. math.Sin may be a whole unit off, which
// is enough to round one weight in some thousands to the other side of what C's sin gives.
func sine(x float64) float64 {
	const lo = 1.2246467991473515e-16 // π less its nearest float64
	// x = k·π/2 + r + rest; the product is exact inside the fused operation, and so is the difference.
	k := math.Round(x / (math.Pi / 2))
	r := math.FMA(-k, math.Pi/2, x)
	rest := -k * (lo / 2)
	z := r * r
	var s float64
	if int(k)&1 == 0 { // r − r³/3! + …
		p := z * (-1./6 + z*(1./120+z*(-1./5040+z*(1./362880+z*(-1./39916800+z*(1./6227020800+z*(-1./1307674368000)))))))
		s = r + (r*p + rest*(1-z/2))
	} else { // 1 − r²/2! + …, with what rounding took from r² and from 1 − r²/2 put back
		lost := math.FMA(r, r, -z)
		h := z / 2
		w := 1 - h
		p := z * z * (1./24 + z*(-1./720+z*(1./40320+z*(-1./3628800+z*(1./479001600+z*(-1./87178291200+z*(1./20922789888000)))))))
		s = w + (((1 - w) - h) + (p - lost/2 - r*rest))
	}
	if int(k)&2 != 0 {
		return -s
	}
	return s
}
