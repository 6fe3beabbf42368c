package bench

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"strings"

	xdraw "golang.org/x/image/draw"

	"winnow/assets/scenes"
	"winnow/internal/compute"
	"winnow/internal/trace"
	vision "winnow/vision/picture"
	"winnow/vlm"
)

// drawPrompt is a prompt with what it asks for.
type drawPrompt struct {
	text    string
	facts   []fact
	painted *image.RGBA // a scene in which the facts are true, and more is to be seen
}

// fact is a question about a picture and the answer that the prompt asked for.
type fact struct{ kind, question, answer string }

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
		p.facts = append(p.facts, fact{scenes.Exist, "Is there " + scenes.Article(o.Name) + " in the picture?", "yes"},
			fact{scenes.Where, "Where is the " + o.Name + "?", scenes.Places[o.Cell]})
		if o.Colour != "" {
			p.facts = append(p.facts, fact{scenes.Colour, "What color is the " + o.Name + "?", o.Colour})
		}
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

// judge looks at a picture.
type judge interface {
	answer(ctx context.Context, img *image.RGBA, questions []string) ([]string, error)
	name() string
}

// look asks a judge about a picture.
func look(ctx context.Context, j judge, img *image.RGBA, facts []fact) (verdict, error) {
	questions := make([]string, len(facts))
	for i, f := range facts {
		questions[i] = f.question
	}
	answers, err := j.answer(ctx, img, questions)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{asked: len(facts)}
	for i, f := range facts {
		if strings.EqualFold(strings.Trim(answers[i], " .\n"), f.answer) {
			v.right++
		}
	}
	return v, nil
}

// seer is the built-in VLM, dense.
type seer struct {
	m       *vlm.Model
	session *vlm.Session
	title   string
	close   func()
}

func openSeer(device string, threads int) (*seer, error) {
	m, name, done, err := OpenVLM("", "", device, threads)
	if err != nil {
		return nil, err
	}
	s := &seer{m: m, session: m.NewSession(compute.F16), title: name}
	s.close = func() { s.session.Close(); done() }
	return s, nil
}

func (s *seer) name() string { return s.title }

// maxFact bounds an answer to a fact, in tokens.
const maxFact = 16

func (s *seer) answer(ctx context.Context, img *image.RGBA, questions []string) ([]string, error) {
	pic, err := s.m.Encode(ctx, &vision.Picture{Image: img, Width: img.Rect.Dx(), Height: img.Rect.Dy(), Format: "PNG", Name: "drawing", Orientation: 1})
	if err != nil {
		return nil, fmt.Errorf("%s cannot look at a drawing: %w", s.title, err)
	}
	var out []string
	for _, q := range questions {
		prompt, err := s.m.Prompt([]trace.Message{{Role: "user", Text: q}}, pic)
		if err != nil {
			return nil, err
		}
		s.session.Reset()
		done, err := s.session.Generate(ctx, prompt, nil, trace.Sampling{TopP: 1, MaxTokens: maxFact}, trace.Dense, func(trace.Event) {})
		if err != nil {
			return nil, err
		}
		out = append(out, done.Answer)
	}
	return out, nil
}
