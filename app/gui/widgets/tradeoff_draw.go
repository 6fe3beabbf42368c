package widgets

import (
	"image"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

func (t tradeoffPlot) paint(dst *image.RGBA, s float32) {
	w, h := float32(dst.Rect.Dx()), float32(dst.Rect.Dy())
	m := tradeoffMargin * s
	thin := max(snap(s), 1)
	grid := t.ink(theme.ColorHairline)
	for _, v := range []float32{0, 0.5, 1} {
		y, x := snap(m+v*(h-2*m)), snap(m+v*(w-2*m))
		fill(dst, int(m), y, int(w-m)+thin, y+thin, grid)
		fill(dst, x, int(m), x+thin, int(h-m), grid)
	}
	var line []point
	for i, p := range t.points {
		if p.Ready {
			line = append(line, t.spot(i, w, h, m))
		}
	}
	blue := tint(t, theme.ColorMeasured)
	if t.current >= 0 && t.points[t.current].Ready {
		p := t.spot(t.current, w, h, m)
		soft := tint(t, theme.ColorKeptSoft)
		strokeLine(dst, []point{{p.x, p.y}, {p.x, h - m}}, s, soft, 3*s, 3*s)
		strokeLine(dst, []point{{m, p.y}, {p.x, p.y}}, s, soft, 3*s, 3*s)
	}
	strokeLine(dst, line, 1.8*s, blue)
	ground := tint(t, theme.ColorPanel)
	for i, p := range t.points {
		q := t.spot(i, w, h, m)
		switch {
		case i == t.current && p.Ready:
			disc(dst, q, 5.5*s, ground)
			disc(dst, q, 4.5*s, tint(t, theme.ColorKept))
		case p.Ready:
			disc(dst, q, 3*s, blue)
		default:
			edge := theme.ColorFaint
			if i == t.current {
				edge = theme.ColorKept
			}
			disc(dst, q, 3.5*s, tint(t, edge))
			disc(dst, q, 2.2*s, ground)
		}
	}
}

func (t tradeoffPlot) labels(s fyne.Size) []label {
	a := t.area(s)
	in := frame{a.x + tradeoffMargin, a.y + tradeoffMargin, a.w - 2*tradeoffMargin, a.h - 2*tradeoffMargin}
	half := measure("0", captionMono).Height / 2
	name := "KL from dense, nats"
	if t.quality == QualityTop1 {
		name = "same first choice, %"
	}
	out := []label{{name, theme.Inset, theme.Gap, caption, theme.ColorSoft, fyne.TextAlignLeading}}
	for _, v := range []float64{0, 0.5, 1} {
		out = append(out,
			label{t.tick(v), in.x - theme.Gap, in.y + float32(v)*in.h - half, captionMono, theme.ColorFaint, fyne.TextAlignTrailing})
	}
	y := a.y + a.h
	out = append(out,
		label{"0", in.x, y, captionMono, theme.ColorFaint, fyne.TextAlignLeading},
		label{t.axis, in.x + in.w/2, y, caption, theme.ColorFaint, fyne.TextAlignCenter},
		label{"100", in.x + in.w, y, captionMono, theme.ColorFaint, fyne.TextAlignTrailing})
	if t.busy != "" {
		out = append(out, label{t.busy, s.Width - theme.Inset, theme.Gap, caption, theme.ColorKept, fyne.TextAlignTrailing})
	}
	return out
}
