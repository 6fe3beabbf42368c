package scenes

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
)

func TestPaletteIsForThingsWithoutAskedColour(t *testing.T) {
	for _, noun := range Nouns {
		p := shared.sprite(look{Trained, noun, ""})
		changed := 0
		for seed := range uint64(40) {
			draw := func() []byte {
				return palette(rand.New(rand.NewPCG(seed, 1)), p, look{Trained, noun, ""}).Pix
			}
			a := draw()
			if !bytes.Equal(a, draw()) {
				t.Fatalf("%s, seed %d: two pictures from one draw", noun, seed)
			}
			for i := 3; i < len(a); i += 4 {
				if a[i] != p.Pix[i] || max(a[i-1], a[i-2], a[i-3]) > a[i] {
					t.Fatalf("%s, seed %d: the outline is changed, or a colour is above its alpha", noun, seed)
				}
			}
			if !bytes.Equal(a, p.Pix) {
				changed++
			}
		}
		if own := colourable[noun] || ownHue[noun]; own && changed > 0 || !own && (changed < 6 || changed > 30) {
			t.Errorf("%s: %d of 40 have another palette", noun, changed)
		}
	}
}

// TestColourLabelsStayTrue reads the colour back from dressed sprites: of the pixels that have a
// hue, most must lie near that of the label, whatever outline or light was laid on.
func TestColourLabelsStayTrue(t *testing.T) {
	good, all := 0, 0
	for noun := range colourable {
		for _, colour := range Colours {
			l := look{Trained, noun, colour}
			p := shared.sprite(l)
			if p == nil {
				continue
			}
			for seed := range uint64(8) {
				w := warp{sx: 1, sy: 1}
				q := dress(rand.New(rand.NewPCG(seed, 2)), Square(p, 60), l, &w)
				near, hued := 0, 0
				for i := 0; i < len(q.Pix); i += 4 {
					if q.Pix[i+3] <= solid {
						continue
					}
					if h, s, v := toHSV(straight(q.Pix[i : i+4])); s > 0.25 && v > 0.2 {
						hued++
						if math.Abs(turn(h-hues[colourIndex[colour]]+180)-180) < 35 {
							near++
						}
					}
				}
				if all++; 2*near > hued {
					good++
				}
			}
		}
	}
	if all < 500 || good*100 < all*85 {
		t.Errorf("only %d of %d dressed sprites have the colour of their label", good, all)
	}
}

func TestBendKeepsTheThing(t *testing.T) {
	for _, noun := range []string{"cow", "umbrella", "star"} {
		p := Square(shared.sprite(look{Trained, noun, ""}), 60)
		for seed := range uint64(20) {
			q := bend(rand.New(rand.NewPCG(seed, 3)), p)
			before, after := 0, 0
			for i := 3; i < len(p.Pix); i += 4 {
				before += int(p.Pix[i])
				after += int(q.Pix[i])
			}
			if share := float64(after) / float64(before); share < 0.55 || share > 1.05 || bytes.Equal(p.Pix, q.Pix) {
				t.Errorf("%s, seed %d: %.2f of it is left", noun, seed, share)
			}
		}
	}
}

func TestFlattenLeavesFewColours(t *testing.T) {
	for _, noun := range []string{"cow", "umbrella", "star", "phone"} {
		p := Square(shared.sprite(look{Trained, noun, ""}), 60)
		for seed := range uint64(20) {
			q := flatten(rand.New(rand.NewPCG(seed, 4)), p)
			inks := map[[3]uint8]bool{}
			before, after := 0, 0
			for i := 0; i < len(p.Pix); i += 4 {
				before += int(p.Pix[i+3])
				after += int(q.Pix[i+3])
				if q.Pix[i+3] == 255 {
					inks[[3]uint8(q.Pix[i:i+3])] = true
				}
			}
			if len(inks) == 0 || len(inks) > 6 {
				t.Errorf("%s, seed %d: %d colours", noun, seed, len(inks))
			}
			if share := float64(after) / float64(before); share < 0.6 || share > 1.2 {
				t.Errorf("%s, seed %d: %.2f of it is left", noun, seed, share)
			}
		}
	}
}
