package main

import (
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"

	"github.com/disintegration/imaging"

	"winnow/vision/picture"
)

// wallSide is the longer side of a gathered wallpaper in pixels: a scene has 224.
const wallSide = 512

// installed are where Debian's wallpaper packages put what their copyright files allow.
var installed = []string{
	"/usr/share/backgrounds/mate/nature/*", "/usr/share/backgrounds/mate/abstract/*", "/usr/share/backgrounds/gnome/*",
}

// wallpapers gathers the installed wallpapers, those in formats that Go reads, as JPEG files of at
// most wallSide pixels a side.
func wallpapers(dir string) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	n := 0
	for _, pattern := range installed {
		list, err := filepath.Glob(pattern)
		if err != nil {
			return n, err
		}
		for _, file := range list {
			switch strings.ToLower(filepath.Ext(file)) {
			case ".jpg", ".jpeg", ".png", ".webp":
			default:
				continue
			}
			found, err := picture.Open(context.Background(), file, picture.Limits{})
			if err != nil {
				return n, err
			}
			name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) + ".jpg"
			if err := writeJPEG(filepath.Join(dir, name), imaging.Fit(found.Image, wallSide, wallSide, imaging.Box)); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// writeJPEG writes a picture on white.
func writeJPEG(file string, p image.Image) error {
	whole := image.NewRGBA(p.Bounds())
	draw.Draw(whole, whole.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(whole, whole.Rect, p, p.Bounds().Min, draw.Over)
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := jpeg.Encode(f, whole, &jpeg.Options{Quality: 85}); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
