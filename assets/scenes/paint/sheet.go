package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"winnow/assets/scenes"
)

// drawSheet draws n scenes side by side, four in a row, labelled patches framed in the colour of
// their place's object, names on them and the first questions below.
func drawSheet(file string, g *scenes.Generator, seed uint64, n int, o scenes.Options) error {
	if n < 1 || n > 400 {
		return fmt.Errorf("a sheet has 1 to 400 scenes, not %d", n)
	}
	const across, lines, lineHeight, gap = 4, 4, 14, 8
	cell := o.Size + gap
	high := cell + lines*lineHeight
	page := image.NewRGBA(image.Rect(0, 0, min(n, across)*cell, (n+across-1)/across*high))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	for i := range n {
		s, err := g.Make(seed+uint64(i), o)
		if err != nil {
			return err
		}
		at := image.Pt(i%across*cell, i/across*high)
		overlay(s, o.Patch)
		draw.Draw(page, s.Image.Rect.Add(at), s.Image, image.Point{}, draw.Src)
		for k, ob := range s.Objects {
			write(page, at.X+int(ob.X)-20, at.Y+int(ob.Y), ob.Colour+" "+ob.Name, tints[k%len(tints)])
		}
		for k, q := range s.Questions {
			if k < lines {
				write(page, at.X, at.Y+o.Size+(k+1)*lineHeight, q.Text+" "+q.Answer, color.RGBA{A: 255})
			}
		}
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := png.Encode(f, page); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

var tints = []color.RGBA{{255, 0, 0, 255}, {0, 0, 255, 255}, {0, 130, 0, 255}, {160, 0, 160, 255}, {200, 100, 0, 255}, {0, 0, 0, 255}}

// overlay tints every labelled patch by its noun.
func overlay(s *scenes.Scene, patch int) {
	for i, n := range s.Labels.Noun {
		if n < 0 {
			continue
		}
		var c color.RGBA
		for k, ob := range s.Objects {
			if ob.Name == scenes.Nouns[n] && int16(ob.Cell) == s.Labels.Cell[i] {
				c = tints[k%len(tints)]
			}
		}
		x, y := i%s.Labels.Cols*patch, i/s.Labels.Cols*patch
		for d := range patch {
			s.Image.SetRGBA(x+d, y, c)
			s.Image.SetRGBA(x, y+d, c)
		}
	}
}

// write puts a line of text on a white ground.
func write(page *image.RGBA, x, y int, text string, c color.RGBA) {
	d := font.Drawer{Dst: page, Src: image.NewUniform(c), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	ground := image.Rect(x, y-10, x+d.MeasureString(text).Ceil(), y+3)
	draw.Draw(page, ground, image.White, image.Point{}, draw.Src)
	d.DrawString(text)
}
