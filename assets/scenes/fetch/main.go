package main

import (
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"winnow/assets/scenes"
)

// side is that of a sprite in pixels.
const side = 96

// renderer draws SVG with filters and masks, which no Go package does.
const renderer = "@resvg/resvg-js@2.6.2"

func main() {
	out := flag.String("out", "", "folder to write STYLE/NOUN.png to")
	styles := flag.String("styles", strings.Join(styleNames(), ","), "sets to rebuild")
	walls := flag.String("wallpapers", "", "folder to gather installed wallpapers in")
	clips := flag.String("openclipart", clipartDir, "folder with the pictures of Debian's openclipart-png")
	flag.Parse()
	if err := fetch(*out, *styles, *walls, *clips); err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
}

func fetch(out, styles, walls, clips string) error {
	if out == "" && walls == "" {
		return fmt.Errorf("nothing to do: name a folder with -out or -wallpapers")
	}
	if walls != "" {
		n, err := wallpapers(walls)
		if err != nil {
			return err
		}
		fmt.Printf("%d wallpapers in %s\n", n, walls)
	}
	if out == "" {
		return nil
	}
	for _, style := range strings.Split(styles, ",") {
		n, err := build(out, style, clips)
		if errors.Is(err, errNotInstalled) && styles == strings.Join(styleNames(), ",") {
			// Nobody asked for this very set, and the others need no Debian.
			fmt.Printf("%s: left out. %v\n", style, err)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", style, err)
		}
		fmt.Printf("%s: %d sprites\n", style, n)
	}
	return nil
}

// build rebuilds the set of that name below out.
func build(out, style, clips string) (int, error) {
	dir := filepath.Join(out, style)
	if style == openClipart {
		return rebuildClipart(dir, clips, clipartList)
	}
	s, ok := sources[style]
	if !ok {
		return 0, fmt.Errorf("there is no such set; there are %s", strings.Join(styleNames(), ", "))
	}
	return rebuild(dir, s)
}

// rebuild writes the set's sprites and licence and returns how many nouns it shows.
func rebuild(dir string, s source) (int, error) {
	work, err := os.MkdirTemp("", "sprites")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(work)
	install := exec.Command("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", work, s.pack+"@"+s.version, renderer)
	if text, err := install.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("npm install %s@%s: %w\n%s", s.pack, s.version, err, text)
	}
	pack := filepath.Join(work, "node_modules", filepath.FromSlash(s.pack))
	var about struct{ License string }
	if err := readJSON(filepath.Join(pack, "package.json"), &about); err != nil {
		return 0, err
	}
	if about.License != s.licence {
		return 0, fmt.Errorf("%s now says its licence is %q, not %q: read it before using the set", s.pack, about.License, s.licence)
	}
	set, err := s.open(pack)
	if err != nil {
		return 0, err
	}
	all, err := drawAll(set, s, work)
	if err != nil {
		return 0, err
	}
	text := fmt.Sprintf("%s\nLicence: %s\nFrom the npm package %s %s.\nChanged: rendered to %d × %d pixels, files named after what they show.\n",
		s.credit, s.licence, s.pack, s.version, side, side)
	if s.ink {
		text += "Changed: coloured, and some shapes filled.\n"
	} else if s.hollow {
		text += "Changed: some shapes filled.\n"
	}
	if s.disc {
		text += "Changed: the disc behind each thing left out.\n"
	}
	return writeSets(dir, all, text)
}

// writeSets writes the sprites of each map to a folder of its own, dir, dir-2 and so on, with the
// licence text, and returns how many sprites there are.
func writeSets(dir string, all []map[string]*image.RGBA, text string) (int, error) {
	n := 0
	for turn, pictures := range all {
		to := dir
		if turn > 0 {
			to = fmt.Sprintf("%s-%d", dir, turn+1)
		}
		if err := os.MkdirAll(to, 0o755); err != nil {
			return n, err
		}
		for noun, picture := range pictures {
			if err := writePNG(filepath.Join(to, noun+".png"), scenes.Square(picture, side)); err != nil {
				return n, err
			}
		}
		n += len(pictures)
		if err := os.WriteFile(filepath.Join(to, "LICENCE.txt"), []byte(text), 0o644); err != nil {
			return n, err
		}
	}
	return n, nil
}

// drawAll draws every noun that the set does not lack; then, one map each, the same with the
// alternates that it has in their place. Four times as large as a sprite: scaling down keeps thin lines smooth.
func drawAll(set set, s source, work string) ([]map[string]*image.RGBA, error) {
	dir := filepath.Join(work, "svg")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	all := []map[string]*image.RGBA{{}}
	file := func(turn int, noun string) string { return filepath.Join(dir, fmt.Sprintf("%d-%s", turn, noun)) }
	take := func(turn int, noun, svg string, picture *image.RGBA) error {
		all[turn][noun] = picture
		if picture != nil {
			return nil
		}
		return os.WriteFile(file(turn, noun)+".svg", []byte(svg), 0o644)
	}
	for _, noun := range scenes.Nouns {
		if slices.Contains(s.lacks, noun) {
			continue
		}
		svg, picture, err := set.find(noun)
		if err == nil {
			err = take(0, noun, svg, picture)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", noun, err)
		}
	}
	for turn := 1; turn <= turns && !s.single; turn++ {
		all = append(all, map[string]*image.RGBA{})
	}
	for noun := range all[0] {
		turn := 1
		for _, a := range s.alternatesOf(noun) {
			if turn == len(all) {
				break
			}
			svg, picture, err := set.other(a)
			if err != nil {
				continue // older sets lack newer emoji
			}
			if err := take(turn, noun, svg, picture); err != nil {
				return nil, err
			}
			turn++
		}
	}
	if err := render(work, dir, 4*side); err != nil {
		return nil, err
	}
	for turn, pictures := range all {
		for noun, picture := range pictures {
			if picture != nil {
				continue
			}
			drawn, err := readPNG(file(turn, noun) + ".png")
			switch {
			case err == nil:
				pictures[noun] = drawn
			case turn > 0 && errors.Is(err, fs.ErrNotExist):
				delete(pictures, noun)
			default:
				return nil, fmt.Errorf("%s could not be drawn: %w", noun, err)
			}
		}
	}
	for _, pictures := range all[1:] {
		for noun, picture := range all[0] {
			if pictures[noun] == nil {
				pictures[noun] = picture
			}
		}
	}
	for turn, pictures := range all {
		for noun, picture := range pictures {
			switch {
			case s.ink:
				pictures[noun] = tint(picture, noun, turn, s.hollow)
			case s.hollow && turn%2 == 1:
				pictures[noun] = backed(picture)
			}
		}
	}
	return all, nil
}

func writePNG(file string, p image.Image) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, p); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
