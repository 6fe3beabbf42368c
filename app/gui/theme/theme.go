package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"winnow/assets/fonts"
)

// Mode says which palette is used.
type Mode int

// The modes. System follows the desktop's setting.
const (
	Dark Mode = iota
	Light
	System
)

// Spacing in units of device-independent pixels: everything is a multiple of Step.
const (
	Step = 4
	// Gap separates things that belong together.
	Gap = 2 * Step
	// Inset is the space between a panel's border and its content.
	Inset = 3 * Step
	// Radius rounds panels, Small the things inside them.
	Radius = 8
	Small  = 6
)

// The two text sizes. TextSize is Fyne's text size, CaptionSize its caption size.
const (
	TextSize    = 14
	CaptionSize = 12
)

var (
	regular  = fyne.NewStaticResource("Inter-Regular.otf", fonts.Regular)
	semiBold = fyne.NewStaticResource("Inter-SemiBold.otf", fonts.SemiBold)
	mono     = fyne.NewStaticResource("JetBrainsMono-Regular.ttf", fonts.Mono)
)

type look struct{ mode Mode }

// New makes the theme; give it to app.Settings().SetTheme.
func New(mode Mode) fyne.Theme { return look{mode} }

// Color implements fyne.Theme. A forced mode ignores the desktop's variant.
func (l look) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	p := dark
	if l.mode == Light || l.mode == System && variant == fynetheme.VariantLight {
		p, variant = light, fynetheme.VariantLight
	} else {
		variant = fynetheme.VariantDark
	}
	if c, ok := p[name]; ok {
		return c
	}
	return fynetheme.DefaultTheme().Color(name, variant)
}

// Font implements fyne.Theme. There is one weight for emphasis and no italic: Inter's slanted
// faces would cost half a megabyte for nothing that the window says.
func (l look) Font(style fyne.TextStyle) fyne.Resource {
	switch {
	case style.Symbol:
		return fynetheme.DefaultSymbolFont()
	case style.Monospace:
		return mono
	case style.Bold:
		return semiBold
	}
	return regular
}

// Icon implements fyne.Theme.
func (l look) Icon(name fyne.ThemeIconName) fyne.Resource {
	return fynetheme.DefaultTheme().Icon(name)
}

// Size implements fyne.Theme.
func (l look) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case fynetheme.SizeNameText, fynetheme.SizeNameSubHeadingText, fynetheme.SizeNameHeadingText:
		return TextSize
	case fynetheme.SizeNameCaptionText:
		return CaptionSize
	case fynetheme.SizeNamePadding, fynetheme.SizeNameLineSpacing:
		return Step
	case fynetheme.SizeNameInnerPadding:
		return Gap
	case fynetheme.SizeNameInputRadius, fynetheme.SizeNameSelectionRadius:
		return Small
	case fynetheme.SizeNameSeparatorThickness, fynetheme.SizeNameInputBorder:
		return 1
	case fynetheme.SizeNameInlineIcon:
		return 16
	case fynetheme.SizeNameScrollBar:
		return 10
	case fynetheme.SizeNameScrollBarSmall:
		return 4
	}
	return fynetheme.DefaultTheme().Size(name)
}
