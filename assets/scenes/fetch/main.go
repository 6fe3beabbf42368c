package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/srwiley/oksvg"
	"github.com/srwiley/rasterx"

	"winnow/assets/scenes"
)

// side is that of a sprite in pixels.
const side = 96

type source struct{ pack, version, licence, credit string }

var sources = map[string]source{
	"twemoji":           {"@iconify-json/twemoji", "1.2.5", "CC-BY-4.0", "Twemoji, copyright Twitter, Inc and other contributors"},
	"noto":              {"@iconify-json/noto", "1.2.9", "Apache-2.0", "Noto Emoji, copyright Google Inc"},
	"fluent-emoji-flat": {"@iconify-json/fluent-emoji-flat", "1.2.6", "MIT", "Fluent Emoji, copyright Microsoft Corporation"},
}

// names leads a noun to the icon that shows it, where that has another name.
var names = map[string]string{
	"apple": "red-apple", "ball": "soccer-ball", "boat": "sailboat", "book": "closed-book",
	"burger": "hamburger", "cake": "shortcake", "car": "automobile", "clock": "alarm-clock",
	"couch": "couch-and-lamp", "cup": "teacup-without-handle", "donut": "doughnut", "hat": "top-hat",
	"orange": "tangerine", "phone": "mobile-phone", "sheep": "ewe", "tree": "deciduous-tree",
}

func main() {
	out := flag.String("out", "", "folder to write STYLE/NOUN.png to")
	styles := flag.String("styles", "twemoji,noto,fluent-emoji-flat", "sets to rebuild")
	walls := flag.String("wallpapers", "", "folder to gather installed wallpapers in")
	flag.Parse()
	if err := fetch(*out, *styles, *walls); err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
}

func fetch(out, styles, walls string) error {
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
		s, ok := sources[style]
		if !ok {
			return fmt.Errorf("there is no set %q; there are twemoji, noto and fluent-emoji-flat", style)
		}
		if err := rebuild(filepath.Join(out, style), s); err != nil {
			return fmt.Errorf("%s: %w", style, err)
		}
		fmt.Printf("%s: %d sprites\n", style, len(scenes.Nouns))
	}
	return nil
}

// iconSet is an icons.json: SVG bodies by name, with a common size.
type iconSet struct {
	Width, Height float64
	Icons         map[string]icon
	Aliases       map[string]struct{ Parent string }
}

type icon struct {
	Body          string
	Width, Height float64
}

func rebuild(dir string, s source) error {
	work, err := os.MkdirTemp("", "sprites")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	install := exec.Command("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", work, s.pack+"@"+s.version)
	if text, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install %s@%s: %w\n%s", s.pack, s.version, err, text)
	}
	pack := filepath.Join(work, "node_modules", filepath.FromSlash(s.pack))
	var about struct{ License string }
	if err := readJSON(filepath.Join(pack, "package.json"), &about); err != nil {
		return err
	}
	if about.License != s.licence {
		return fmt.Errorf("%s now says its licence is %q, not %q: read it before using the set", s.pack, about.License, s.licence)
	}
	var icons iconSet
	if err := readJSON(filepath.Join(pack, "icons.json"), &icons); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, noun := range scenes.Nouns {
		picture, err := icons.draw(noun)
		if err != nil {
			return fmt.Errorf("%s: %w", noun, err)
		}
		if err := writePNG(filepath.Join(dir, noun+".png"), picture); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%s\nLicence: %s\nFrom the npm package %s %s.\nChanged: rendered from SVG to %d × %d pixels, files named after what they show.\n",
		s.credit, s.licence, s.pack, s.version, side, side)
	return os.WriteFile(filepath.Join(dir, "LICENCE.txt"), []byte(text), 0o644)
}

func (set iconSet) draw(noun string) (image.Image, error) {
	name := noun
	if n, ok := names[noun]; ok {
		name = n
	}
	if a, ok := set.Aliases[name]; ok {
		name = a.Parent
	}
	ic, ok := set.Icons[name]
	if !ok {
		return nil, fmt.Errorf("the set has no icon %q", name)
	}
	w, h := first(ic.Width, set.Width, 16), first(ic.Height, set.Height, 16)
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 %g %g">%s</svg>`, w, h, ic.Body)
	drawing, err := oksvg.ReadIconStream(strings.NewReader(svg), oksvg.IgnoreErrorMode)
	if err != nil {
		return nil, fmt.Errorf("its SVG cannot be read: %w", err)
	}
	const fine = 4 // drawn larger and scaled down by Sprites, which keeps thin lines smooth
	drawing.SetTarget(0, 0, side*fine, side*fine)
	big := image.NewRGBA(image.Rect(0, 0, side*fine, side*fine))
	scanner := rasterx.NewScannerGV(side*fine, side*fine, big, big.Bounds())
	drawing.Draw(rasterx.NewDasher(side*fine, side*fine, scanner), 1)
	return scenes.Square(big, side), nil
}

func first(list ...float64) float64 {
	for _, v := range list {
		if v > 0 {
			return v
		}
	}
	return 0
}

func readJSON(file string, into any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
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

// installed are where Debian's wallpaper packages put what their copyright files allow.
var installed = []string{
	"/usr/share/backgrounds/mate/nature/*", "/usr/share/backgrounds/mate/abstract/*", "/usr/share/backgrounds/gnome/*",
}

// wallpapers copies the installed wallpapers, those in formats that Go reads.
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
			data, err := os.ReadFile(file)
			if err != nil {
				return n, err
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), data, 0o644); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}
