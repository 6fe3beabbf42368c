package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"winnow/assets/scenes"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintln(os.Stderr, "paint:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("paint", flag.ContinueOnError)
	var (
		o       scenes.Options
		n       = fs.Int("n", 16, "scenes on the sheet")
		seed    = fs.Uint64("seed", 1, "seed of the first scene")
		sheet   = fs.String("sheet", "", "PNG file for a contact sheet with labels laid over")
		stream  = fs.Bool("stream", false, "write records to standard output")
		count   = fs.Uint64("count", 0, "records to write, 0 for no end")
		workers = fs.Int("workers", 1, "scenes made at once")
		sprites = fs.String("sprites", "", "folder of STYLE/NAME.png or NAME.png instead of what ships")
		walls   = fs.String("wallpapers", "", "folder of pictures used as backgrounds in 7 of 10 scenes")
		styles  = fs.String("styles", "", "styles to draw from, by commas; all without")
		grounds = fs.String("backgrounds", "", "backgrounds to draw from by name, by commas; all without")
		kinds   = fs.String("kinds", "", "kinds of question to ask in turn, by commas; training's mix without")
	)
	fs.IntVar(&o.Size, "size", 224, "side of the picture in pixels")
	fs.IntVar(&o.Patch, "patch", 14, "side of a patch in pixels")
	fs.Float64Var(&o.Themed, "themed", 0.8, "share of objects from the theme")
	fs.BoolVar(&o.Broken, "broken", false, "only objects that do not go together")
	fs.BoolVar(&o.Crowded, "crowded", false, "five to nine objects in each scene")
	fs.BoolVar(&o.Augment, "augment", false, "vary the look of objects and picture")
	fs.IntVar(&o.Questions, "questions", 12, "questions for each scene")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *workers < 1 || *workers > 256 {
		return fmt.Errorf("-workers is 1 to 256, not %d", *workers)
	}
	o.Styles, o.Kinds = split(*styles), split(*kinds)
	set := scenes.Embedded()
	if *sprites != "" {
		var err error
		if set, err = scenes.Load(*sprites); err != nil {
			return err
		}
	}
	behind, err := backgrounds(*walls)
	if err != nil {
		return err
	}
	if behind, err = named(behind, split(*grounds)); err != nil {
		return err
	}
	g := scenes.New(set, behind)
	switch {
	case *sheet != "":
		return drawSheet(*sheet, g, *seed, *n, o)
	case *stream:
		w := bufio.NewWriterSize(out, 1<<20)
		if err := writeStream(w, g, *seed, *count, *workers, o); err != nil {
			return err
		}
		return w.Flush()
	}
	return fmt.Errorf("nothing to do: say -sheet FILE or -stream")
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// backgrounds mixes the pictures of a folder with the painted ones, 7 to 3.
func backgrounds(dir string) ([]scenes.Background, error) {
	painted := scenes.Procedural()
	if dir == "" {
		return painted, nil
	}
	photos, err := scenes.Photographs(dir)
	if err != nil {
		return nil, err
	}
	var list []scenes.Background
	for range 7 * len(painted) {
		list = append(list, photos...)
	}
	for range 3 * len(photos) {
		list = append(list, painted...)
	}
	return list, nil
}

// named keeps the backgrounds of these names; none means all.
func named(list []scenes.Background, names []string) ([]scenes.Background, error) {
	if len(names) == 0 {
		return list, nil
	}
	var kept []scenes.Background
	for _, n := range names {
		if !slices.ContainsFunc(list, func(b scenes.Background) bool { return b.Name == n }) {
			return nil, fmt.Errorf("-backgrounds: there is no background %q", n)
		}
	}
	for _, b := range list {
		if slices.Contains(names, b.Name) {
			kept = append(kept, b)
		}
	}
	return kept, nil
}
