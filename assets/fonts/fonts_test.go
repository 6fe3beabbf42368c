package fonts

import (
	"testing"

	"golang.org/x/image/font/sfnt"
)

func TestFacesHaveTheSignsTheWindowUses(t *testing.T) {
	for name, data := range map[string][]byte{"Regular": Regular, "SemiBold": SemiBold, "Mono": Mono} {
		f, err := sfnt.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, r := range "aÄéß ×·…–→←≥βρτ%" {
			if i, err := f.GlyphIndex(nil, r); err != nil || i == 0 {
				t.Errorf("%s has no %q (%v)", name, r, err)
			}
		}
	}
	if n := len(Regular) + len(SemiBold) + len(Mono); n > 1200<<10 {
		t.Errorf("the fonts take %d bytes, more than 1.2 MB", n)
	}
}
