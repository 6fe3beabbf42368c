package widgets

import (
	"image"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

func TestCameraLaysTheMapOverThePartThatWasSeen(t *testing.T) {
	start(t, theme.Dark)
	c := NewCamera("Camera, front")
	show(t, c, 320, 240+cameraHead)
	if got := texts(c); !slices.Equal(got, []string{"No picture yet.", "Camera, front"}) {
		t.Errorf("empty, it writes %q", got)
	}
	c.SetPicture(photo(640, 480))
	c.SetOverlay(glow(6, 2, 2), 6, 6, [4]float64{0.125, 0, 0.875, 1})
	if got := c.draw.overlay; got.Hidden || got.Position() != fyne.NewPos(40, cameraHead) || got.Size() != fyne.NewSize(240, 240) {
		t.Errorf("the map lies at %v, %v, hidden %v", got.Position(), got.Size(), got.Hidden)
	}
	if got := texts(c); !slices.Equal(got, []string{"Camera, front"}) {
		t.Errorf("with a picture it writes %q", got)
	}
	img := c.lines(240, 240).(*image.RGBA)
	grid, crop := premultiplied(tint(c, theme.ColorGrid)), premultiplied(tint(c, theme.ColorCrop))
	if img.RGBAAt(40, 20) != grid || img.RGBAAt(20, 40) != grid || img.RGBAAt(20, 20).A != 0 || img.RGBAAt(0, 20) != crop {
		t.Error("the lines are not between the patches")
	}
	c.SetPicture(photo(100, 400)) // another shape: the map moves with it
	if got := c.draw.overlay; got.Size() != fyne.NewSize(45, 240) || got.Position().X != 137.5 && got.Position().X != 138 {
		t.Errorf("in a tall picture the map lies at %v, %v", got.Position(), got.Size())
	}
	c.SetOverlay(nil, 0, 0, [4]float64{})
	if !c.draw.overlay.Hidden || !c.draw.lines.Hidden {
		t.Error("a map that was taken away stays")
	}
	c.SetTitle("")
	c.Empty("The simulator stopped.")
	if got := texts(c); c.Picture() != nil || !slices.Equal(got, []string{"The simulator stopped.", ""}) {
		t.Errorf("writes %q", got)
	}
	c.SetPicture(photo(4000, 10))
	if b := c.Picture().Bounds(); b.Dx() != cameraMost || b.Dy() != 2 {
		t.Errorf("a large picture is kept as %v", b)
	}
}

// A part of a picture shares its pixels with the whole: their rows are farther apart.
func TestCameraCopiesAPartOfAPicture(t *testing.T) {
	start(t, theme.Dark)
	c := NewCamera("")
	whole := photo(40, 40).(*image.RGBA)
	c.SetPicture(whole)
	if c.Picture() != image.Image(whole) {
		t.Error("a picture that could be uploaded was copied")
	}
	c.SetPicture(whole.SubImage(image.Rect(10, 20, 30, 40)))
	got := c.Picture().(*image.RGBA)
	if got.Rect != image.Rect(0, 0, 20, 20) || got.RGBAAt(3, 4) != whole.RGBAAt(13, 24) {
		t.Errorf("%v, %v at 3, 4", got.Rect, got.RGBAAt(3, 4))
	}
}
