package main

import (
	"errors"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestClipartListIsInOrder(t *testing.T) {
	all, err := parseClipart(clipartList)
	if err != nil {
		t.Fatal(err)
	}
	seen, last, n := map[string]bool{}, "", 0
	for _, c := range all {
		if c.noun != last {
			n = 0
		}
		n++
		if c.noun < last || n > 12 {
			t.Errorf("%s %s is out of order, or the noun has more than 12 pictures", c.noun, c.file)
		}
		if seen[c.file] || filepath.Ext(c.file) != ".png" || !filepath.IsLocal(c.file) {
			t.Errorf("%s is listed twice, or is no PNG file below the package", c.file)
		}
		seen[c.file], last = true, c.noun
	}
}

func TestClipartBecomesSets(t *testing.T) {
	from, out := t.TempDir(), t.TempDir()
	sheet := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for y := 50; y < 70; y++ {
		for x := 250; x < 270; x++ {
			sheet.SetRGBA(x, y, color.RGBA{R: 200, A: 255})
		}
	}
	for _, name := range []string{"a", "b", "c"} {
		if err := writePNG(filepath.Join(from, name+".png"), sheet); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(out, openClipart)
	if n, err := rebuildClipart(dir, from, "apple a.png\napple b.png\ncat c.png\n"); err != nil || n != 3 {
		t.Fatalf("%d pictures, %v", n, err)
	}
	p, err := readPNG(filepath.Join(dir+"-2", "apple.png"))
	if err != nil || p.Rect.Dx() != side || p.Rect.Dy() != side || p.RGBAAt(1, 1).R != 200 || p.RGBAAt(side-2, side-2).A != 255 {
		t.Errorf("the picture is not cut to what is drawn: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir+"-2", "cat.png")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a cat is in the second set, though there is one picture: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir+"-2", "LICENCE.txt")); err != nil {
		t.Error(err)
	}
	if _, err := rebuildClipart(dir, from, "apple d.png\n"); err == nil || !strings.Contains(err.Error(), "lacks d.png") {
		t.Errorf("a picture that is not there: %v", err)
	}
}

func TestClipartMayBeMissing(t *testing.T) {
	nowhere, out := filepath.Join(t.TempDir(), "none"), t.TempDir()
	err := fetch(out, openClipart, "", nowhere)
	if !errors.Is(err, errNotInstalled) || !strings.Contains(err.Error(), "apt-get install openclipart-png") {
		t.Errorf("%v", err)
	}
}
