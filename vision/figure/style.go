package figure

import "image/color"

// style is the colours of a figure, those of the window's two themes. Amber means kept, blue
// means dense.
type style struct {
	paper, panel, line, track color.RGBA
	ink, soft                 color.RGBA
	kept, keptSoft, dense     color.RGBA
	block                     color.RGBA // a layer that keeps everything
	failed                    color.RGBA
	// sides tell the pruned sides of a comparison apart.
	sides [8]color.RGBA
}

// of is the colour of a side: -1 is the dense one.
func (s style) of(i int) color.RGBA {
	if i < 0 {
		return s.dense
	}
	return s.sides[i%len(s.sides)]
}

var dark = style{
	paper: hex(0x14161A), panel: hex(0x1B1E23), line: hex(0x2A2F37), track: hex(0x2C313A),
	ink: hex(0xE9ECF0), soft: hex(0x9AA3AF),
	kept: hex(0xF2B035), keptSoft: hex(0x5C4A22), dense: hex(0x4F9BE8),
	block: hex(0x3B424D), failed: hex(0xF0616D),
	sides: [8]color.RGBA{hex(0x75D19A), hex(0xAC35E8), hex(0xE86435), hex(0xEAC9ED), hex(0xF2C14E), hex(0xFF7FC0), hex(0xB8D66B), hex(0xD0A080)},
}

var light = style{
	paper: hex(0xFFFFFF), panel: hex(0xF5F6F8), line: hex(0xDADDE3), track: hex(0xE4E7EC),
	ink: hex(0x1A1D22), soft: hex(0x565E6A),
	kept: hex(0xE39B14), keptSoft: hex(0xFBE3B0), dense: hex(0x2372C4),
	block: hex(0xC3C9D2), failed: hex(0xC5303E),
	sides: [8]color.RGBA{hex(0x166958), hex(0x5514B7), hex(0xB72A14), hex(0x562953), hex(0x8A6500), hex(0xB5147A), hex(0x4F6318), hex(0x6E4A2E)},
}

func hex(v uint32) color.RGBA { return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255} }
