package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

func TestBothPalettesNameTheSameColours(t *testing.T) {
	for name := range dark {
		if _, ok := light[name]; !ok {
			t.Errorf("light has no %s", name)
		}
	}
	for name := range light {
		if _, ok := dark[name]; !ok {
			t.Errorf("dark has no %s", name)
		}
	}
}

func TestForcedModeIgnoresTheDesktop(t *testing.T) {
	bg := fynetheme.ColorNameBackground
	for _, v := range []fyne.ThemeVariant{fynetheme.VariantDark, fynetheme.VariantLight} {
		if got := New(Dark).Color(bg, v); got != color.Color(dark[bg]) {
			t.Errorf("dark, desktop %d: background %v", v, got)
		}
		if got := New(Light).Color(bg, v); got != color.Color(light[bg]) {
			t.Errorf("light, desktop %d: background %v", v, got)
		}
	}
	if New(System).Color(bg, fynetheme.VariantLight) != color.Color(light[bg]) || New(System).Color(bg, fynetheme.VariantDark) != color.Color(dark[bg]) {
		t.Error("system does not follow the desktop")
	}
}

// The ratios are those of WCAG 2.1: 4.5 for text, 3 for hints and for what is drawn.
func TestTextCanBeRead(t *testing.T) {
	onPanel := map[fyne.ThemeColorName]float64{
		fynetheme.ColorNameForeground: 7, ColorSoft: 4.5, ColorFaint: 3,
		fynetheme.ColorNameError: 4.5, ColorKept: 3, ColorMeasured: 3,
	}
	for mode, p := range map[string]palette{"dark": dark, "light": light} {
		for name, want := range onPanel {
			for _, ground := range []fyne.ThemeColorName{ColorPanel, fynetheme.ColorNameBackground} {
				if got := contrast(p[name], p[ground]); got < want {
					t.Errorf("%s: %s on %s has contrast %.2f, want %.1f", mode, name, ground, got, want)
				}
			}
		}
		if got := contrast(p[fynetheme.ColorNameForegroundOnPrimary], p[fynetheme.ColorNamePrimary]); got < 4.5 {
			t.Errorf("%s: text on the primary button has contrast %.2f", mode, got)
		}
		if got := contrast(p[ColorOnTipSoft], p[ColorTip]); got < 4.5 {
			t.Errorf("%s: text on the tooltip has contrast %.2f", mode, got)
		}
	}
}

func TestSpacingIsInStepsOfFour(t *testing.T) {
	for _, v := range []float32{Gap, Inset, Radius, New(Dark).Size(fynetheme.SizeNamePadding), New(Dark).Size(fynetheme.SizeNameInnerPadding)} {
		if int(v)%Step != 0 {
			t.Errorf("%g is not a multiple of %d", v, Step)
		}
	}
}

func TestTwoTextSizesTwoWeights(t *testing.T) {
	th := New(Dark)
	sizes := map[float32]bool{}
	for _, n := range []fyne.ThemeSizeName{fynetheme.SizeNameText, fynetheme.SizeNameCaptionText, fynetheme.SizeNameHeadingText, fynetheme.SizeNameSubHeadingText} {
		sizes[th.Size(n)] = true
	}
	if len(sizes) != 2 {
		t.Errorf("text sizes %v, want two", sizes)
	}
	faces := map[string]bool{}
	for _, s := range []fyne.TextStyle{{}, {Bold: true}, {Italic: true}, {Bold: true, Italic: true}, {Monospace: true}, {Monospace: true, Bold: true}} {
		faces[th.Font(s).Name()] = true
	}
	if len(faces) != 3 {
		t.Errorf("faces %v, want Inter in two weights and JetBrains Mono", faces)
	}
}

func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(c color.NRGBA) float64 {
	f := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.03928 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*f(c.R) + 0.7152*f(c.G) + 0.0722*f(c.B)
}
