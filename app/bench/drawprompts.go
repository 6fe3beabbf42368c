package bench

import (
	"context"
	"image"
	"math/rand/v2"
	"strings"

	xdraw "golang.org/x/image/draw"

	"winnow/app/judge"
	"winnow/assets/scenes"
	"winnow/internal/trace"
)

// drawPrompt is a prompt with what it asks for.
type drawPrompt struct {
	text    string
	facts   []trace.Fact
	painted *image.RGBA // a scene in which the facts are true, and more is to be seen
}

// drawPrompts takes one to three objects out of painted scenes: "a red car on the left and a dog at
// the top". Each stands in its place alone.
func drawPrompts(n int, seed uint64) ([]drawPrompt, error) {
	g := scenes.New(scenes.Embedded(), scenes.Procedural())
	var out []drawPrompt
	for k := uint64(0); len(out) < n; k++ {
		s, err := g.Make(rand.New(rand.NewPCG(seed, 0x64726177+k)).Uint64(), scenes.Options{Styles: []scenes.Style{scenes.Trained}, Questions: -1})
		if err != nil {
			return nil, err
		}
		if p, ok := promptOf(s, 1+len(out)%3); ok {
			out = append(out, p)
		}
	}
	return out, nil
}

func promptOf(s *scenes.Scene, objects int) (drawPrompt, bool) {
	p := drawPrompt{painted: s.Image}
	count, taken := map[string]int{}, map[int]bool{}
	for _, o := range s.Objects {
		count[o.Name]++
	}
	var parts []string
	for _, o := range s.Objects {
		if count[o.Name] > 1 || taken[o.Cell] || len(parts) == objects {
			continue
		}
		taken[o.Cell] = true
		parts = append(parts, said(o))
		p.facts = append(p.facts, judge.Thing{Noun: o.Name, Colour: o.Colour, Cell: o.Cell}.Facts()...)
	}
	if len(parts) < objects {
		return p, false
	}
	last := len(parts) - 1
	if p.text = parts[last]; last > 0 {
		p.text = strings.Join(parts[:last], ", ") + " and " + p.text
	}
	return p, true
}

// said is an object with its place, as the captions of training say it.
func said(o scenes.Object) string {
	name := strings.TrimSpace(o.Colour + " " + o.Name)
	if o.Name != "grapes" {
		name = scenes.Article(name)
	}
	switch o.Cell {
	case 3, 5:
		return name + " on the " + scenes.Places[o.Cell]
	case 4:
		return name + " in the middle"
	}
	return name + " at the " + scenes.Places[o.Cell]
}

// small is a painted scene at the size of a drawing.
func small(img *image.RGBA, size image.Point) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: size})
	xdraw.CatmullRom.Scale(out, out.Rect, img, img.Rect, xdraw.Src, nil)
	return out
}

// verdict is how many facts are to be seen, of those asked for.
type verdict struct{ right, asked int }

func (v verdict) share() float64 { return float64(v.right) / float64(max(1, v.asked)) }

// look asks a judge about a picture and counts.
func look(ctx context.Context, j judge.Judge, img *image.RGBA, facts []trace.Fact) (verdict, error) {
	seen, err := judge.Look(ctx, j, img, facts)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{asked: len(facts)}
	for _, f := range seen {
		if f.Right {
			v.right++
		}
	}
	return v, nil
}
