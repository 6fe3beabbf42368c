package widgets

import (
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
)

// start makes a test application in a palette.
func start(t testing.TB, mode theme.Mode) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.New(mode))
}

// both runs a test in both palettes.
func both(t *testing.T, f func(t *testing.T, name string)) {
	t.Helper()
	for name, mode := range map[string]theme.Mode{"dark": theme.Dark, "light": theme.Light} {
		t.Run(name, func(t *testing.T) {
			start(t, mode)
			f(t, name)
		})
	}
}

// show puts an object in a window of a size and returns the window.
func show(t testing.TB, o fyne.CanvasObject, w, h float32) fyne.Window {
	t.Helper()
	win := test.NewTempWindow(t, o)
	win.SetPadded(false)
	win.Resize(fyne.NewSize(w, h))
	return win
}

func pointAt(x, y float32) *fyne.PointEvent { return &fyne.PointEvent{Position: fyne.NewPos(x, y)} }

func mouseAt(x, y float32) *desktop.MouseEvent {
	return &desktop.MouseEvent{PointEvent: *pointAt(x, y)}
}

func press(w fyne.Focusable, names ...fyne.KeyName) {
	for _, n := range names {
		w.TypedKey(&fyne.KeyEvent{Name: n})
	}
}

// photo is a plain picture.
func photo(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(255 * x / w), uint8(255 * y / h), 120, 255})
		}
	}
	return img
}

// texts lists what a widget writes, hidden ones left out.
func texts(w fyne.Widget) []string {
	var out []string
	var walk func(o fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		if !o.Visible() {
			return
		}
		switch o := o.(type) {
		case *canvas.Text:
			out = append(out, o.Text)
		case fyne.Widget:
			for _, c := range test.WidgetRenderer(o).Objects() {
				walk(c)
			}
		}
	}
	walk(w)
	return out
}
