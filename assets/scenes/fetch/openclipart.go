package main

import (
	_ "embed"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winnow/assets/scenes"
)

// openClipart is the set that comes from a Debian package and not through npm. Its pictures are
// by many hands, so that each noun is drawn in many ways.
const openClipart = "openclipart"

// clipartDir is where the Debian package puts its pictures.
const clipartDir = "/usr/share/openclipart/png"

// errNotInstalled lets a run over all sets go on without this one.
var errNotInstalled = errors.New("the Open Clip Art of Debian is not installed: apt-get install openclipart-png")

// clipartList has a line for each picture: the noun, and the file below clipartDir. The package
// names few files after what they show, so the list was chosen by eye; the best of a noun come first.
//
//go:embed openclipart.txt
var clipartList string

type clipart struct{ noun, file string }

// parseClipart reads such a list.
func parseClipart(list string) ([]clipart, error) {
	var all []clipart
	for line := range strings.Lines(list) {
		noun, file, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || !slices.Contains(scenes.Nouns, noun) {
			return nil, fmt.Errorf("%q is not a noun and a file", strings.TrimSpace(line))
		}
		all = append(all, clipart{noun, file})
	}
	return all, nil
}

// rebuildClipart writes the listed pictures below dir and returns how many there are.
func rebuildClipart(dir, from, list string) (int, error) {
	if _, err := os.Stat(from); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return 0, errNotInstalled
		}
		return 0, err
	}
	chosen, err := parseClipart(list)
	if err != nil {
		return 0, err
	}
	all, err := readClipart(from, chosen)
	if err != nil {
		return 0, err
	}
	text := fmt.Sprintf("Open Clip Art Library, Debian package openclipart-png 0.18\n"+
		"Licence: public domain\nFrom the Debian package openclipart-png 0.18.\n"+
		"Changed: cut to what is drawn, scaled to %d × %d pixels, files named after what they show.\n", side, side)
	return writeSets(dir, all, text)
}

// readClipart gives the first picture of each noun in the first map, its second in the second, and
// so on. Unlike the sets of icons, a later map shows only the nouns that have so many pictures:
// others would be in there many times over.
func readClipart(from string, chosen []clipart) ([]map[string]*image.RGBA, error) {
	var all []map[string]*image.RGBA
	turns := map[string]int{}
	for _, c := range chosen {
		picture, err := readPNG(filepath.Join(from, filepath.FromSlash(c.file)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the package lacks %s, which shows the noun %s: the list is made for openclipart-png 0.18", c.file, c.noun)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.file, err)
		}
		turn := turns[c.noun]
		turns[c.noun]++
		if turn == len(all) {
			all = append(all, map[string]*image.RGBA{})
		}
		all[turn][c.noun] = cut(picture)
	}
	return all, nil
}

// faint is the alpha up to which a pixel is as good as invisible, such as the rim of a soft shadow.
const faint = 16

// cut leaves the empty edges away: many of the pictures stand in a corner of a sheet of paper.
func cut(p *image.RGBA) *image.RGBA {
	var box image.Rectangle
	for y := p.Rect.Min.Y; y < p.Rect.Max.Y; y++ {
		for x := p.Rect.Min.X; x < p.Rect.Max.X; x++ {
			if p.RGBAAt(x, y).A > faint {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if box.Empty() {
		return p
	}
	return p.SubImage(box).(*image.RGBA)
}
