package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
)

// Everything is in units of the finished picture's pixels.
const (
	size   = 512
	corner = 112 // radius of the ground's corners
	margin = 92  // from the edge of the picture to the grid
	gap    = 14  // between two cells
	round  = 11  // radius of a cell's corners
	fine   = 4   // samples a pixel along each side
)

var (
	ground = color.RGBA{0x14, 0x16, 0x1A, 0xFF}
	dark   = color.RGBA{0x2A, 0x2E, 0x36, 0xFF}
	dim    = color.RGBA{0x6B, 0x55, 0x2A, 0xFF}
	amber  = color.RGBA{0xF2, 0xB0, 0x35, 0xFF}
)

// cells is the grid: '#' is kept, '+' was nearly kept, '.' is gone.
var cells = []string{
	"......",
	"..+#..",
	".+##+.",
	"...#+.",
	".#....",
	"......",
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "say where the picture goes: go run ./assets/icon assets/icon.png")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(f, draw()); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// draw paints the picture, each pixel the mean of a few samples so that edges are soft.
func draw() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			var r, g, b, a float64
			for sy := range fine {
				for sx := range fine {
					c, inside := at(float64(x)+(float64(sx)+0.5)/fine, float64(y)+(float64(sy)+0.5)/fine)
					if !inside {
						continue
					}
					r, g, b, a = r+float64(c.R), g+float64(c.G), b+float64(c.B), a+1
				}
			}
			if a > 0 {
				img.SetNRGBA(x, y, color.NRGBA{uint8(r/a + 0.5), uint8(g/a + 0.5), uint8(b/a + 0.5), uint8(255*a/(fine*fine) + 0.5)})
			}
		}
	}
	return img
}

// at is the colour of one point; outside the rounded ground there is none.
func at(x, y float64) (color.RGBA, bool) {
	if !inRounded(x, y, 0, 0, size, size, corner) {
		return color.RGBA{}, false
	}
	n := len(cells)
	side := (size - 2*margin - float64(n-1)*gap) / float64(n)
	for row, line := range cells {
		for column, kind := range line {
			left, top := margin+float64(column)*(side+gap), margin+float64(row)*(side+gap)
			if inRounded(x, y, left, top, side, side, round) {
				return map[rune]color.RGBA{'#': amber, '+': dim, '.': dark}[kind], true
			}
		}
	}
	return ground, true
}

// inRounded tells whether a point is in a rectangle with round corners.
func inRounded(x, y, left, top, width, height, radius float64) bool {
	dx := max(left+radius-x, x-(left+width-radius), 0)
	dy := max(top+radius-y, y-(top+height-radius), 0)
	return x >= left && y >= top && x < left+width && y < top+height && math.Hypot(dx, dy) <= radius
}
