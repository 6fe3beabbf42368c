package heatmap

import (
	"encoding/hex"
	"fmt"
	"image/color"
	"math"
)

// Map is a colour map. All four rise steadily in lightness, so they survive colour blindness and grey print.
type Map int

// The colour maps; the zero value is Viridis.
const (
	Viridis Map = iota
	Cividis
	Magma
	Grey
)

// Maps lists all of them in the order for a menu.
var Maps = []Map{Viridis, Cividis, Magma, Grey}

var mapNames = [...]string{"viridis", "cividis", "magma", "grey"}

func (m Map) String() string {
	if m < 0 || int(m) >= len(mapNames) {
		return fmt.Sprintf("map %d", int(m))
	}
	return mapNames[m]
}

// MapNamed finds a colour map by name.
func MapNamed(name string) (Map, error) {
	for i, n := range mapNames {
		if n == name {
			return Map(i), nil
		}
	}
	return 0, fmt.Errorf("there is no colour map %q; choose viridis, cividis, magma or grey", name)
}

var tables = func() (t [len(mapNames)][256][3]uint8) {
	for m, text := range []string{viridisHex, cividisHex, magmaHex} {
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != 3*256 {
			panic("heatmap: the table of " + mapNames[m] + " is damaged")
		}
		for i := range 256 {
			t[m][i] = [3]uint8(b[3*i:])
		}
	}
	for i := range 256 {
		t[Grey][i] = [3]uint8{uint8(i), uint8(i), uint8(i)}
	}
	return t
}()

// At is the opaque colour of v in 0…1; values outside take the nearest end, NaN the lower one.
func (m Map) At(v float64) color.RGBA {
	c := m.rgb(v)
	return color.RGBA{c[0], c[1], c[2], 255}
}

func (m Map) rgb(v float64) [3]uint8 {
	i := 0
	if v > 0 {
		i = int(math.Min(v, 1)*255 + 0.5)
	}
	return tables[m][i]
}
