package scenes

import (
	"bytes"
	"embed"
	"fmt"
	"image"
	"image/draw"
	_ "image/png" // sprites are PNG files
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
)

// HeldOut is the embedded style that the built-in model never saw; Trained is one that it did.
const (
	HeldOut Style = "twemoji"
	Trained Style = "noto"
)

//go:embed sprites/*/*.png
var embedded embed.FS

// Limits on a folder that a person names.
const (
	maxSpriteBytes = 16 << 20
	maxSpriteSide  = 4096
	spriteSide     = 96 // what sprites are kept at: larger than any object of a 224 px scene
)

// Sprites holds pictures by style and noun, premultiplied, at most 96 pixels wide and high.
type Sprites struct {
	pictures map[Style]map[string]*image.RGBA
	unknown  []string
}

// Embedded gives what ships: HeldOut and Trained, all sixty nouns each.
func Embedded() Sprites {
	sub, err := fs.Sub(embedded, "sprites")
	if err != nil {
		panic(err) // the path is a constant
	}
	s, err := load(sub, "sprites", "")
	if err != nil {
		panic(err) // the files are embedded and tested
	}
	return s
}

// Load reads DIR/STYLE/NAME.png, or DIR/NAME.png as one style named like the folder. Names are
// nouns; those that are not in Nouns are left out and listed by Unknown. Errors name the file.
func Load(dir string) (Sprites, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return Sprites{}, fmt.Errorf("sprites: %s cannot be read: %w", dir, err)
	}
	if !info.IsDir() {
		return Sprites{}, fmt.Errorf("sprites: %s is a file; name a folder of NAME.png, or of STYLE/NAME.png", dir)
	}
	return load(os.DirFS(dir), dir, strings.TrimSuffix(path.Base(strings.ReplaceAll(dir, `\`, "/")), "/"))
}

func load(files fs.FS, dir string, flat Style) (Sprites, error) {
	s := Sprites{pictures: map[Style]map[string]*image.RGBA{}}
	unknown := map[string]bool{}
	for _, pattern := range []string{"*.png", "*/*.png"} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			return Sprites{}, fmt.Errorf("sprites: %s cannot be listed: %w", dir, err)
		}
		for _, name := range names {
			style := flat
			if d := path.Dir(name); d != "." {
				style = d
			}
			noun := strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(path.Base(name), ".png")), "_", " ")
			if _, ok := nounIndex[noun]; !ok {
				unknown[noun] = true
				continue
			}
			picture, err := readSprite(files, name)
			if err != nil {
				return Sprites{}, fmt.Errorf("sprites: %s: %w", path.Join(dir, name), err)
			}
			if s.pictures[style] == nil {
				s.pictures[style] = map[string]*image.RGBA{}
			}
			s.pictures[style][noun] = picture
		}
	}
	for n := range unknown {
		s.unknown = append(s.unknown, n)
	}
	sort.Strings(s.unknown)
	if len(s.pictures) == 0 {
		return Sprites{}, fmt.Errorf("sprites: %s holds no NAME.png or STYLE/NAME.png of a known noun; names are those of the nouns, such as cow.png", dir)
	}
	return s, nil
}

func readSprite(files fs.FS, name string) (*image.RGBA, error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSpriteBytes {
		return nil, fmt.Errorf("it is not a file of at most %d MB", maxSpriteBytes>>20)
	}
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("it is no PNG picture: %w", err)
	}
	if head.Width > maxSpriteSide || head.Height > maxSpriteSide || head.Width < 8 || head.Height < 8 {
		return nil, fmt.Errorf("it is %d×%d pixels; sprites have 8 to %d a side", head.Width, head.Height, maxSpriteSide)
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("it is a damaged PNG picture: %w", err)
	}
	b := picture.Bounds()
	rgba := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(rgba, rgba.Bounds(), picture, b.Min, draw.Src)
	seen := 0
	for i := 3; i < len(rgba.Pix); i += 4 {
		if rgba.Pix[i] > solid {
			seen++
		}
	}
	if area := b.Dx() * b.Dy(); seen*20 < area || seen*50 > area*49 {
		return nil, fmt.Errorf("%d %% of it is opaque; a sprite is a thing cut out on a transparent ground", 100*seen/area)
	}
	return Square(rgba, spriteSide), nil
}

// Styles lists the styles in alphabetical order.
func (s Sprites) Styles() []Style {
	var list []Style
	for st := range s.pictures {
		list = append(list, st)
	}
	sort.Strings(list)
	return list
}

// Nouns lists what the style holds, in the order of Nouns.
func (s Sprites) Nouns(style Style) []string {
	var list []string
	for _, n := range Nouns {
		if s.pictures[style][n] != nil {
			list = append(list, n)
		}
	}
	return list
}

// Unknown lists the names of files that are none of Nouns: they are never shown or asked.
func (s Sprites) Unknown() []string { return s.unknown }

// Picture gives a sprite, or nil. It is shared: do not write to it.
func (s Sprites) Picture(style Style, noun string) *image.RGBA { return s.pictures[style][noun] }
