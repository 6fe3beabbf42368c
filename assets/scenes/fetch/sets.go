package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/image/webp"
)

// set gives the icon of a noun: SVG text, or a picture where the package has pictures.
type set interface {
	find(noun string) (svg string, picture *image.RGBA, err error)
	// other is find for an alternate; a set may lack it.
	other(a alternate) (svg string, picture *image.RGBA, err error)
}

// iconSet is an icons.json: SVG bodies by name, with a common size.
type iconSet struct {
	Width, Height float64
	Icons         map[string]icon
	Aliases       map[string]struct{ Parent string }
	names         map[string]string
	joined, disc  bool // see source
}

type icon struct {
	Body          string
	Width, Height float64
}

// usual leads a noun to the icon that shows it in most sets, where that has another name.
var usual = map[string]string{
	"apple": "red-apple", "ball": "soccer-ball", "boat": "sailboat", "book": "closed-book",
	"burger": "hamburger", "cake": "shortcake", "car": "automobile", "clock": "alarm-clock",
	"couch": "couch-and-lamp", "cup": "teacup-without-handle", "donut": "doughnut", "hat": "top-hat",
	"orange": "tangerine", "phone": "mobile-phone", "sheep": "ewe", "tree": "deciduous-tree",
}

func openIconSet(pack string, from source) (set, error) {
	s := iconSet{names: from.names, joined: from.joined, disc: from.disc}
	return &s, readJSON(filepath.Join(pack, "icons.json"), &s)
}

func (s *iconSet) find(noun string) (string, *image.RGBA, error) {
	name := noun
	if n, ok := usual[noun]; ok {
		name = n
	}
	if n, ok := s.names[noun]; ok {
		name = n
	}
	return s.icon(name)
}

func (s *iconSet) other(a alternate) (string, *image.RGBA, error) {
	if s.joined {
		a.name = strings.ReplaceAll(a.name, "-", "")
	}
	return s.icon(a.name)
}

func (s *iconSet) icon(name string) (string, *image.RGBA, error) {
	if a, ok := s.Aliases[name]; ok {
		name = a.Parent
	}
	ic, ok := s.Icons[name]
	if !ok {
		return "", nil, fmt.Errorf("the set has no icon %q", name)
	}
	w, h := first(ic.Width, s.Width, 16), first(ic.Height, s.Height, 16)
	x, y := 0., 0.
	if s.disc {
		// The thing itself is about two thirds as wide as the disc.
		x, y, w, h = w/8, h/8, w*3/4, h*3/4
		ic.Body = firstPath.ReplaceAllString(ic.Body, "$1")
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="%g %g %g %g">%s</svg>`, x, y, w, h, ic.Body), nil, nil
}

// firstPath matches a body up to its first path, and what stands before that as $1.
var firstPath = regexp.MustCompile(`^((?:<g[^>]*>)?)<path[^>]*/>`)

// codePoints is a package with assets/CODE.webp, such as 1f34e.webp.
type codePoints struct{ pack string }

var codes = map[string]string{
	"airplane": "2708-fe0f", "apple": "1f34e", "backpack": "1f392", "ball": "26bd", "balloon": "1f388",
	"banana": "1f34c", "bear": "1f43b", "bed": "1f6cf-fe0f", "bicycle": "1f6b2", "bird": "1f426",
	"boat": "26f5", "book": "1f4d5", "broccoli": "1f966", "burger": "1f354", "bus": "1f68c",
	"butterfly": "1f98b", "cactus": "1f335", "cake": "1f370", "camera": "1f4f7", "car": "1f697",
	"carrot": "1f955", "cat": "1f408", "chair": "1fa91", "clock": "23f0", "couch": "1f6cb-fe0f",
	"cow": "1f404", "cup": "1f375", "dog": "1f415", "donut": "1f369", "duck": "1f986",
	"elephant": "1f418", "fish": "1f41f", "grapes": "1f347", "guitar": "1f3b8", "hat": "1f3a9",
	"helicopter": "1f681", "horse": "1f40e", "house": "1f3e0", "key": "1f511", "laptop": "1f4bb",
	"lion": "1f981", "monkey": "1f412", "motorcycle": "1f3cd-fe0f", "mushroom": "1f344", "orange": "1f34a",
	"penguin": "1f427", "phone": "1f4f1", "pizza": "1f355", "rocket": "1f680", "rose": "1f339",
	"sheep": "1f411", "star": "2b50", "strawberry": "1f353", "sunflower": "1f33b", "television": "1f4fa",
	"tractor": "1f69c", "train": "1f686", "tree": "1f333", "turtle": "1f422", "umbrella": "2602-fe0f",
}

func (c codePoints) find(noun string) (string, *image.RGBA, error) { return c.icon(codes[noun]) }

func (c codePoints) other(a alternate) (string, *image.RGBA, error) { return c.icon(a.code) }

func (c codePoints) icon(code string) (string, *image.RGBA, error) {
	name := filepath.Join(c.pack, "assets", code+".webp")
	f, err := os.Open(name)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	picture, err := webp.Decode(f)
	if err != nil {
		return "", nil, err
	}
	return "", toRGBA(picture), nil
}

func toRGBA(picture image.Image) *image.RGBA {
	rgba := image.NewRGBA(picture.Bounds())
	draw.Draw(rgba, rgba.Rect, picture, rgba.Rect.Min, draw.Src)
	return rgba
}

//go:embed render.cjs
var renderScript []byte

// render draws every DIR/*.svg to DIR/*.png, fine pixels a side, with resvg as installed below
// work. It aborts on some drawings: those are taken away, and it goes on with the others.
func render(work, dir string, fine int) error {
	script := filepath.Join(work, "render.cjs")
	if err := os.WriteFile(script, renderScript, 0o644); err != nil {
		return err
	}
	for {
		cmd := exec.Command("node", script, dir, fmt.Sprint(fine))
		var said strings.Builder
		cmd.Stderr = &said
		names, err := cmd.Output()
		if err == nil {
			return nil
		}
		list := strings.Fields(string(names))
		if len(list) == 0 {
			return fmt.Errorf("node %s: %w\n%s", script, err, said.String())
		}
		if err := os.Remove(filepath.Join(dir, list[len(list)-1])); err != nil {
			return err
		}
	}
}

func readPNG(file string) (*image.RGBA, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		return nil, err
	}
	return toRGBA(picture), nil
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
