package widgets

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/theme"
)

// eightLayers keep fewer and fewer of 72 rows of two cameras.
func eightLayers() []RoutingRow {
	out := make([]RoutingRow, 8)
	for l := range out {
		r := RoutingRow{Kept: make([]bool, 72), Note: "the best by the router"}
		if l > 0 {
			r.Probability = make([]float32, 72)
		}
		for i := range r.Kept {
			p := 0.5 + 0.5*math.Sin(float64(i*i+7*l*l+3*i))
			if l > 0 {
				r.Probability[i] = float32(p)
			}
			r.Kept[i] = p > float64(l)/8
		}
		out[l] = r
	}
	return out
}

// glow is a heat-map of n × n patches around a point.
func glow(n int, x, y float64) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, n, n))
	for i := range n * n {
		dx, dy := float64(i%n)-x, float64(i/n)-y
		a := math.Exp(-(dx*dx + dy*dy) / 8)
		img.Set(i%n, i/n, color.NRGBA{0xF2, 0xB0, 0x35, uint8(230 * a)})
	}
	return img
}

func glows(n int) []LookMap {
	var out []LookMap
	for i := range n {
		out = append(out, LookMap{glow(9, float64(i*5%9), float64(i*7%9)), fmt.Sprintf("vector %d of camera front\npeak 0.12", i)})
	}
	return out
}

// eightActions are two predictions of a chunk.
func eightActions() ActionPlot {
	p := ActionPlot{Names: []string{"x", "y", "z", "gripper"}, LineLabel: "dense", DotLabel: "CogVLA", At: 2}
	for i := range 8 {
		t := float64(i) / 7 * 3
		line := []float32{float32(0.6 * math.Sin(t)), float32(0.7 * math.Cos(t)), float32(0.5*math.Cos(t+1) - 0.2), float32(0.1*math.Sin(2*t) - 0.5)}
		dots := make([]float32, 4)
		for j, v := range line {
			dots[j] = v + 0.04*float32(math.Sin(float64(5*i+j)))
		}
		p.Lines, p.Dots = append(p.Lines, line), append(p.Dots, dots)
	}
	return p
}

func anEpisode() EpisodeMarks {
	m := EpisodeMarks{Steps: 118, Of: 150, Labels: []StripLabel{{55, "grasp"}, {98, "release"}, {117, "success"}}, Success: true}
	for i := 0; i < m.Steps; i += 8 {
		m.Looks = append(m.Looks, i)
	}
	return m
}

// coupled is a mask in which text and visual rows see what came before and actions see all.
func coupled() ([]MaskGroup, []bool) {
	groups := []MaskGroup{{"text", 18}, {"visual", 30}, {"actions", 33}}
	const n = 81
	sees := make([]bool, n*n)
	for i := range sees {
		row, col := i/n, i%n
		sees[i] = col <= row || row >= 48
	}
	return groups, sees
}

// robotWidgets are all of them, as they stand in the Robot view.
type robotWidgets struct {
	routing    *RoutingGrid
	looks      *LookGrid
	actions    *ActionCurves
	strip      *EpisodeStrip
	mask       *MaskGrid
	front, off *Camera
}

func newRobotWidgets() *robotWidgets {
	r := &robotWidgets{NewRoutingGrid(), NewLookGrid(), NewActionCurves(), NewEpisodeStrip(), NewMaskGrid(), NewCamera("Camera, front"), NewCamera("Camera, wrist")}
	r.routing.Set(eightLayers())
	r.routing.SetSelected(3)
	r.routing.Names = func(row int) string {
		return fmt.Sprintf("row %d of camera %s", row%36, []string{"front", "wrist"}[min(row/36, 1)])
	}
	r.looks.Set(glows(8))
	r.looks.SetSelected(2)
	r.actions.Set(eightActions())
	r.strip.Set(anEpisode())
	r.strip.SetAt(64)
	groups, sees := coupled()
	r.mask.Set(groups, sees)
	r.front.SetPicture(photo(320, 240))
	r.front.SetOverlay(glow(12, 4, 7), 12, 12, [4]float64{0.125, 0, 0.875, 1})
	r.off.Empty("The wrist camera has no picture yet.")
	return r
}

// lay puts them on a canvas of 1000 × 720.
func (r *robotWidgets) lay(t *testing.T) fyne.Window {
	right := container.NewVBox(NewPanel(r.routing), NewPanel(r.looks), NewPanel(r.mask))
	w := show(t, container.NewWithoutLayout(r.front, r.off, r.actions, r.strip, right), 1000, 800)
	place(r.front, 12, 8, 330, 290)
	place(r.off, 350, 8, 290, 290)
	place(r.actions, 12, 316, 630, 240)
	place(r.strip, 12, 576, 630, r.strip.MinSize().Height)
	place(right, 660, 8, 330, 780)
	return w
}

// TestRobotShots writes a picture of all of them in both palettes.
func TestRobotShots(t *testing.T) {
	folder := os.Getenv("WINNOW_SHOTS")
	if folder == "" {
		t.Skip("makes screenshots: set WINNOW_SHOTS to their folder")
	}
	for name, mode := range map[string]theme.Mode{"dark": theme.Dark, "light": theme.Light} {
		for _, hovers := range []bool{false, true} {
			start(t, mode)
			r := newRobotWidgets()
			w := r.lay(t)
			if hovers {
				r.routing.MouseMoved(mouseAt(150, 80))
				r.looks.MouseMoved(mouseAt(100, 20))
				r.actions.MouseMoved(mouseAt(300, 100))
				r.strip.MouseMoved(mouseAt(380, 30))
				r.mask.MouseMoved(mouseAt(120, 150))
			}
			f, err := os.Create(filepath.Join(folder, fmt.Sprintf("robot_widgets_%s_%t.png", name, hovers)))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, w.Canvas().Capture()); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
