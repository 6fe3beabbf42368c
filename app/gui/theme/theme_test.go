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

// The views of a person who lacks one kind of cone, as linear maps of linear RGB: Machado, Oliveira
// and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009.
var visions = map[string][3][3]float64{
	"all cones": {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protan":    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deutan":    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritan":    {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

func TestSidesAreToldApartByEveryEye(t *testing.T) {
	for mode, p := range map[string]palette{"dark": dark, "light": light} {
		names := []fyne.ThemeColorName{ColorKept, ColorMeasured, ColorFaint}
		for i := range Sides {
			names = append(names, Side(i))
			if got := contrast(p[Side(i)], p[ColorPanel]); got < 3 {
				t.Errorf("%s: side %d has contrast %.2f, want 3", mode, i, got)
			}
			if got := contrast(p[SideOnTip(i)], p[ColorTip]); got < 3 {
				t.Errorf("%s: side %d on a picture has contrast %.2f, want 3", mode, i, got)
			}
		}
		for eye, m := range visions {
			for i, a := range names {
				for _, b := range names[:i] {
					if i < 3 {
						continue // the two that carry meaning are older than the sides
					}
					if d := distance(p[a], p[b], m); d < 0.085 {
						t.Errorf("%s, %s: %s and %s are %.3f apart", mode, eye, a, b, d)
					}
				}
			}
		}
	}
	if Side(-1) != ColorMeasured || Side(Sides) != Side(0) {
		t.Error("dense is not blue, or the sides do not start anew")
	}
}

// distance is that of two colours in OKLab, as seen by an eye.
func distance(a, b color.NRGBA, eye [3][3]float64) float64 {
	x, y := oklab(a, eye), oklab(b, eye)
	return math.Sqrt((x[0]-y[0])*(x[0]-y[0]) + (x[1]-y[1])*(x[1]-y[1]) + (x[2]-y[2])*(x[2]-y[2]))
}

func oklab(c color.NRGBA, eye [3][3]float64) [3]float64 {
	times := func(m [3][3]float64, v [3]float64) (out [3]float64) {
		for i := range m {
			out[i] = m[i][0]*v[0] + m[i][1]*v[1] + m[i][2]*v[2]
		}
		return out
	}
	var v [3]float64
	for i, u := range []uint8{c.R, c.G, c.B} {
		x := float64(u) / 255
		if v[i] = x / 12.92; x > 0.04045 {
			v[i] = math.Pow((x+0.055)/1.055, 2.4)
		}
	}
	v = times(eye, v)
	for i := range v {
		v[i] = math.Min(math.Max(v[i], 0), 1)
	}
	lms := times([3][3]float64{{0.4122214708, 0.5363325363, 0.0514459929}, {0.2119034982, 0.6806995451, 0.1073969566}, {0.0883024619, 0.2817188376, 0.6299787005}}, v)
	for i := range lms {
		lms[i] = math.Cbrt(lms[i])
	}
	return times([3][3]float64{{0.2104542553, 0.7936177850, -0.0040720468}, {1.9779984951, -2.4285922050, 0.4505937099}, {0.0259040371, 0.7827717662, -0.8086757660}}, lms)
}
