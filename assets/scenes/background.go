package scenes

import (
	"context"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"

	"github.com/disintegration/imaging"
	"golang.org/x/image/draw"

	"winnow/vision/picture"
)

// Background is one way of filling the picture before objects are painted.
type Background struct {
	// Name is what a question calls it: gradient, noise, stripes, clouds, wood or photograph.
	Name string
	// Paint fills a new square of size pixels; all that is random in it comes from r.
	Paint func(r *rand.Rand, size int) *image.RGBA
}

// Procedural lists the backgrounds that are made by code alone: these ship.
func Procedural() []Background {
	return []Background{
		{"gradient", gradient}, {"noise", noise}, {"stripes", stripes}, {"clouds", clouds}, {"wood", wood},
	}
}

// Photographs reads the pictures of a folder as backgrounds, at most 700 pixels wide or high. Files
// that are no pictures are passed over; a folder without any is an error.
func Photographs(dir string) ([]Background, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("the backgrounds in %s cannot be listed; check the folder: %w", dir, err)
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	var list []Background
	for _, e := range entries {
		found, err := picture.Open(context.Background(), filepath.Join(dir, e.Name()), picture.Limits{})
		if err != nil {
			continue
		}
		small := imaging.Fit(found.Image, 700, 700, imaging.Linear)
		if min(small.Rect.Dx(), small.Rect.Dy()) < 64 {
			continue
		}
		whole := image.NewRGBA(small.Rect)
		draw.Draw(whole, whole.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(whole, whole.Rect, small, image.Point{}, draw.Over)
		list = append(list, Background{"photograph", func(r *rand.Rand, size int) *image.RGBA {
			short := min(whole.Rect.Dx(), whole.Rect.Dy())
			lo := min(size, short)
			s := lo + r.IntN(short-lo+1)
			x, y := r.IntN(whole.Rect.Dx()-s+1), r.IntN(whole.Rect.Dy()-s+1)
			out := image.NewRGBA(image.Rect(0, 0, size, size))
			draw.ApproxBiLinear.Scale(out, out.Rect, whole, image.Rect(x, y, x+s, y+s), draw.Src, nil)
			if r.Float64() < 0.3 {
				out = blur(out, between(r, 0.5, 3))
			}
			return out
		}})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no picture that can be a background; give a folder of photographs", dir)
	}
	return list, nil
}

type rgb [3]float64

func anyColour(r *rand.Rand) rgb { return rgb{255 * r.Float64(), 255 * r.Float64(), 255 * r.Float64()} }

func mix(a, b rgb, t float64) rgb {
	return rgb{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t, a[2] + (b[2]-a[2])*t}
}

// shade fills a picture from a colour at every point (0..1, 0..1).
func shade(size int, at func(x, y float64) rgb) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		row := out.Pix[y*out.Stride:][:4*size]
		for x := range size {
			c := at(float64(x)/float64(size), float64(y)/float64(size))
			p := row[4*x : 4*x+4 : 4*x+4]
			p[0], p[1], p[2], p[3] = level(c[0]), level(c[1]), level(c[2]), 255
		}
	}
	return out
}

func level(v float64) uint8 {
	v += 0.5
	if v < 0 {
		return 0
	}
	if v > 255 {
		return 255
	}
	return uint8(v)
}

func gradient(r *rand.Rand, size int) *image.RGBA {
	a, b := anyColour(r), anyColour(r)
	sin, cos := math.Sincos(between(r, 0, math.Pi/2))
	grain := between(r, 0, 10)
	return shade(size, func(x, y float64) rgb {
		c := mix(a, b, (x*cos+y*sin)/(sin+cos))
		d := grain * (r.Float64() - 0.5) * 2
		return rgb{c[0] + d, c[1] + d, c[2] + d}
	})
}

func noise(r *rand.Rand, size int) *image.RGBA {
	a, amount, tint := anyColour(r), between(r, 15, 50), between(r, 0, 1)
	return shade(size, func(_, _ float64) rgb {
		d := amount * (r.Float64() - 0.5) * 2
		return rgb{a[0] + d, a[1] + d*tint, a[2] + d}
	})
}

func stripes(r *rand.Rand, size int) *image.RGBA {
	a := anyColour(r)
	b := mix(a, anyColour(r), between(r, 0.2, 0.7))
	sin, cos := math.Sincos(between(r, 0, math.Pi))
	f, sharp := between(r, 3, 14)*2*math.Pi, between(r, 0.5, 8)
	return shade(size, func(x, y float64) rgb {
		return mix(a, b, unit(0.5+sharp*math.Sin(f*(x*cos+y*sin))))
	})
}

func clouds(r *rand.Rand, size int) *image.RGBA {
	a, b, f := anyColour(r), anyColour(r), field(r, 12)
	scale := between(r, 2, 5)
	return shade(size, func(x, y float64) rgb {
		v := 0.55*f.at(x*scale, y*scale) + 0.3*f.at(x*scale*2, y*scale*2) + 0.15*f.at(x*scale*4, y*scale*4)
		return mix(a, b, unit((v-0.5)*2+0.5))
	})
}

// wood is rings stretched along one side, with a wavering line.
func wood(r *rand.Rand, size int) *image.RGBA {
	dark := rgb{between(r, 60, 140), between(r, 35, 90), between(r, 10, 50)}
	light := mix(dark, rgb{255, 220, 170}, between(r, 0.3, 0.7))
	f, rings, upright := field(r, 12), between(r, 5, 16), r.Float64() < 0.5
	return shade(size, func(x, y float64) rgb {
		if upright {
			x, y = y, x
		}
		v := math.Sin(2 * math.Pi * (rings*y + 1.5*f.at(x*1.5, y*5)))
		return mix(dark, light, unit(0.5+0.35*v+0.3*(f.at(x*6, y*60)-0.5)))
	})
}

// lattice is random values on a square lattice that repeats; between them it is smooth.
type lattice struct {
	n int
	v []float64
}

func field(r *rand.Rand, n int) lattice {
	l := lattice{n, make([]float64, n*n)}
	for i := range l.v {
		l.v[i] = r.Float64()
	}
	return l
}

func (l lattice) at(x, y float64) float64 {
	x0, y0 := math.Floor(x), math.Floor(y)
	fx, fy := x-x0, y-y0
	fx, fy = fx*fx*(3-2*fx), fy*fy*(3-2*fy)
	i, j := int(x0)%l.n, int(y0)%l.n
	i1, j1 := (i+1)%l.n, (j+1)%l.n
	a := l.v[j*l.n+i]*(1-fx) + l.v[j*l.n+i1]*fx
	b := l.v[j1*l.n+i]*(1-fx) + l.v[j1*l.n+i1]*fx
	return a*(1-fy) + b*fy
}
