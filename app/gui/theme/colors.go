package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// The colours that Fyne has no name for.
const (
	// ColorKept is the accent: what stays.
	ColorKept fyne.ThemeColorName = "winnow.kept"
	// ColorKeptSoft is the accent at rest: borders of a pruned card, decided blocks not in focus.
	ColorKeptSoft fyne.ThemeColorName = "winnow.kept.soft"
	// ColorKeptFrame frames a kept cell on a picture; the same in both palettes, as ColorTip.
	ColorKeptFrame fyne.ThemeColorName = "winnow.kept.frame"
	// ColorMeasured marks what the clock measured, and the dense run.
	ColorMeasured fyne.ThemeColorName = "winnow.measured"
	// ColorPanel fills cards on the window's background.
	ColorPanel fyne.ThemeColorName = "winnow.panel"
	// ColorRaised fills what is chosen or lies above a panel: segments, tooltips' siblings.
	ColorRaised fyne.ThemeColorName = "winnow.raised"
	// ColorHairline draws one-pixel borders and separators.
	ColorHairline fyne.ThemeColorName = "winnow.hairline"
	// ColorTrack is the empty part of a bar, a slider or a strip.
	ColorTrack fyne.ThemeColorName = "winnow.track"
	// ColorThumb fills the thumb of a slider, ColorThumbEdge rings it.
	ColorThumb     fyne.ThemeColorName = "winnow.thumb"
	ColorThumbEdge fyne.ThemeColorName = "winnow.thumb.edge"
	// ColorSoft is text of the second rank.
	ColorSoft fyne.ThemeColorName = "winnow.soft"
	// ColorFaint is text of the third rank: hints, axis numbers, disabled.
	ColorFaint fyne.ThemeColorName = "winnow.faint"
	// ColorBlock is a timeline block in which nothing was decided.
	ColorBlock fyne.ThemeColorName = "winnow.block"
	// ColorTip fills the tooltip that floats over a picture. It is dark in both palettes:
	// a picture is neither light nor dark.
	ColorTip fyne.ThemeColorName = "winnow.tip"
	// ColorTipEdge is its border.
	ColorTipEdge fyne.ThemeColorName = "winnow.tip.edge"
	// ColorOnTip and ColorOnTipSoft are the text on it.
	ColorOnTip     fyne.ThemeColorName = "winnow.tip.text"
	ColorOnTipSoft fyne.ThemeColorName = "winnow.tip.soft"
	// ColorShade dims what the model did not see of a picture.
	ColorShade fyne.ThemeColorName = "winnow.shade"
	// ColorGrid draws the patch grid over a picture.
	ColorGrid fyne.ThemeColorName = "winnow.grid"
	// ColorCrop borders the part of a picture that the model saw.
	ColorCrop fyne.ThemeColorName = "winnow.crop"
	// ColorCursor frames the cell under the pointer or the keyboard.
	ColorCursor fyne.ThemeColorName = "winnow.cursor"

	// ColorSide1 to ColorSide4 tell the pruned sides of a comparison apart; see Side. None is the
	// accent or the colour of the dense run, whose meanings stay.
	ColorSide1 fyne.ThemeColorName = "winnow.side.1"
	ColorSide2 fyne.ThemeColorName = "winnow.side.2"
	ColorSide3 fyne.ThemeColorName = "winnow.side.3"
	ColorSide4 fyne.ThemeColorName = "winnow.side.4"

	// ColorKeptPin marks on a picture what a person forced in.
	ColorKeptPin fyne.ThemeColorName = "winnow.kept.pin"
)

// onTip is added to the name of a side's colour for its variant on ColorTip, which is dark in both
// palettes.
const onTip = ".tip"

// Sides is how many pruned sides have a colour of their own.
const Sides = 4

// Side is the colour of a side of a comparison: -1 is the dense run, 0 the first pruned one. Past
// the last colour it starts anew.
func Side(i int) fyne.ThemeColorName {
	if i < 0 {
		return ColorMeasured
	}
	return [Sides]fyne.ThemeColorName{ColorSide1, ColorSide2, ColorSide3, ColorSide4}[i%Sides]
}

// SideOnTip is the colour of a side on ColorTip, on a picture.
func SideOnTip(i int) fyne.ThemeColorName { return Side(i) + onTip }

// palette is one complete set of colours.
type palette map[fyne.ThemeColorName]color.NRGBA

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff}
}

func rgba(v uint32, a uint8) color.NRGBA {
	c := rgb(v)
	c.A = a
	return c
}

var dark = palette{
	ColorKept:      rgb(0xF2B035),
	ColorKeptSoft:  rgba(0xF2B035, 0x8c),
	ColorMeasured:  rgb(0x4F9BE8),
	ColorPanel:     rgb(0x1B1E23),
	ColorRaised:    rgb(0x343A44),
	ColorHairline:  rgb(0x2A2F37),
	ColorTrack:     rgb(0x2C313A),
	ColorThumb:     rgb(0xFFFFFF),
	ColorThumbEdge: rgba(0x000000, 0x30),
	ColorSoft:      rgb(0x9AA3AF),
	ColorFaint:     rgb(0x747D8A),
	ColorBlock:     rgb(0x3B424D),
	ColorTip:       rgba(0x101216, 0xf2),
	ColorTipEdge:   rgba(0xFFFFFF, 0x22),
	ColorKeptFrame: rgba(0xF2B035, 0xd8),
	ColorOnTip:     rgb(0xF3F4F6),
	ColorOnTipSoft: rgb(0xB4BCC8),
	ColorShade:     rgba(0x0C0D10, 0xc8),
	ColorGrid:      rgba(0x000000, 0x48),
	ColorCrop:      rgba(0xFFFFFF, 0xa0),
	ColorCursor:    rgb(0xFFFFFF),

	ColorKeptPin: rgb(0xF2B035),

	ColorSide1: rgb(0x75D19A),
	ColorSide2: rgb(0xAC35E8),
	ColorSide3: rgb(0xE86435),
	ColorSide4: rgb(0xEAC9ED),

	fynetheme.ColorNameBackground:          rgb(0x14161A),
	fynetheme.ColorNameForeground:          rgb(0xE9ECF0),
	fynetheme.ColorNamePrimary:             rgb(0xF2B035),
	fynetheme.ColorNameForegroundOnPrimary: rgb(0x1A1304),
	fynetheme.ColorNameButton:              rgb(0x22262D),
	fynetheme.ColorNameDisabledButton:      rgb(0x1B1E23),
	fynetheme.ColorNameDisabled:            rgb(0x565E6A),
	fynetheme.ColorNameError:               rgb(0xF0616D),
	fynetheme.ColorNameForegroundOnError:   rgb(0x1C0508),
	fynetheme.ColorNameFocus:               rgba(0xF2B035, 0x60),
	fynetheme.ColorNameHeaderBackground:    rgb(0x1B1E23),
	fynetheme.ColorNameHover:               rgba(0xFFFFFF, 0x10),
	fynetheme.ColorNameHyperlink:           rgb(0x4F9BE8),
	fynetheme.ColorNameInputBackground:     rgb(0x1B1E23),
	fynetheme.ColorNameInputBorder:         rgb(0x323842),
	fynetheme.ColorNameMenuBackground:      rgb(0x21252B),
	fynetheme.ColorNameOverlayBackground:   rgb(0x1B1E23),
	fynetheme.ColorNamePlaceHolder:         rgb(0x747D8A),
	fynetheme.ColorNamePressed:             rgba(0xFFFFFF, 0x20),
	fynetheme.ColorNameScrollBar:           rgba(0xFFFFFF, 0x30),
	fynetheme.ColorNameScrollBarBackground: rgba(0x000000, 0x00),
	fynetheme.ColorNameSelection:           rgba(0x4F9BE8, 0x50),
	fynetheme.ColorNameSeparator:           rgb(0x2A2F37),
	fynetheme.ColorNameShadow:              rgba(0x000000, 0x60),
	fynetheme.ColorNameSuccess:             rgb(0x9AA3AF),
	fynetheme.ColorNameForegroundOnSuccess: rgb(0x14161A),
	fynetheme.ColorNameWarning:             rgb(0xF2B035),
	fynetheme.ColorNameForegroundOnWarning: rgb(0x1A1304),
}

func init() {
	for i := -1; i < Sides; i++ {
		dark[SideOnTip(i)], light[SideOnTip(i)] = dark[Side(i)], dark[Side(i)]
	}
}

var light = palette{
	ColorKept:      rgb(0xBF7A04),
	ColorKeptSoft:  rgba(0xBF7A04, 0x90),
	ColorMeasured:  rgb(0x2372C4),
	ColorPanel:     rgb(0xFFFFFF),
	ColorRaised:    rgb(0xDDE1E7),
	ColorHairline:  rgb(0xDADDE3),
	ColorTrack:     rgb(0xE4E7EC),
	ColorThumb:     rgb(0xFFFFFF),
	ColorThumbEdge: rgba(0x000000, 0x50),
	ColorSoft:      rgb(0x565E6A),
	ColorFaint:     rgb(0x767E8A),
	ColorBlock:     rgb(0xC3C9D2),
	ColorTip:       rgba(0x1B1E23, 0xf4),
	ColorTipEdge:   rgba(0xFFFFFF, 0x22),
	ColorKeptFrame: rgba(0xF2B035, 0xd8),
	ColorOnTip:     rgb(0xF3F4F6),
	ColorOnTipSoft: rgb(0xB4BCC8),
	ColorShade:     rgba(0xF5F6F8, 0xc0),
	ColorGrid:      rgba(0x000000, 0x38),
	ColorCrop:      rgba(0xFFFFFF, 0xa0),
	ColorCursor:    rgb(0xFFFFFF),

	ColorKeptPin: rgb(0xF2B035),

	ColorSide1: rgb(0x166958),
	ColorSide2: rgb(0x5514B7),
	ColorSide3: rgb(0xB72A14),
	ColorSide4: rgb(0x562953),

	fynetheme.ColorNameBackground:          rgb(0xF5F6F8),
	fynetheme.ColorNameForeground:          rgb(0x1A1D22),
	fynetheme.ColorNamePrimary:             rgb(0xE9A41F),
	fynetheme.ColorNameForegroundOnPrimary: rgb(0x1A1304),
	fynetheme.ColorNameButton:              rgb(0xFFFFFF),
	fynetheme.ColorNameDisabledButton:      rgb(0xEDEFF2),
	fynetheme.ColorNameDisabled:            rgb(0xA3AAB5),
	fynetheme.ColorNameError:               rgb(0xC5303E),
	fynetheme.ColorNameForegroundOnError:   rgb(0xFFFFFF),
	fynetheme.ColorNameFocus:               rgba(0xBF7A04, 0x60),
	fynetheme.ColorNameHeaderBackground:    rgb(0xFFFFFF),
	fynetheme.ColorNameHover:               rgba(0x000000, 0x0c),
	fynetheme.ColorNameHyperlink:           rgb(0x2372C4),
	fynetheme.ColorNameInputBackground:     rgb(0xFFFFFF),
	fynetheme.ColorNameInputBorder:         rgb(0xCDD2DA),
	fynetheme.ColorNameMenuBackground:      rgb(0xFFFFFF),
	fynetheme.ColorNameOverlayBackground:   rgb(0xFFFFFF),
	fynetheme.ColorNamePlaceHolder:         rgb(0x767E8A),
	fynetheme.ColorNamePressed:             rgba(0x000000, 0x18),
	fynetheme.ColorNameScrollBar:           rgba(0x000000, 0x40),
	fynetheme.ColorNameScrollBarBackground: rgba(0xFFFFFF, 0x00),
	fynetheme.ColorNameSelection:           rgba(0x2372C4, 0x40),
	fynetheme.ColorNameSeparator:           rgb(0xDADDE3),
	fynetheme.ColorNameShadow:              rgba(0x000000, 0x28),
	fynetheme.ColorNameSuccess:             rgb(0x565E6A),
	fynetheme.ColorNameForegroundOnSuccess: rgb(0xFFFFFF),
	fynetheme.ColorNameWarning:             rgb(0xBF7A04),
	fynetheme.ColorNameForegroundOnWarning: rgb(0xFFFFFF),
}
