package recording

import (
	"fmt"
	"strings"

	"winnow/internal/trace"
	"winnow/robotics/episode"
)

// pictures gives every step of an episode its pictures, where the episode has any.
type pictures struct {
	names []string
	last  []episode.Picture // nil before the first step that has some
}

// at adds the pictures of a step.
func (p *pictures) at(e *trace.Episode, step int, to *episode.Step) {
	if views := e.Moves[step].Views; len(views) > 0 {
		p.last = asPictures(views)
	} else if p.last == nil {
		for _, m := range e.Moves[step:] {
			if len(m.Views) > 0 {
				p.last = asPictures(m.Views)
				break
			}
		}
	}
	to.Pictures = p.last
}

func asPictures(views [][]byte) []episode.Picture {
	var out []episode.Picture
	for _, v := range views {
		out = append(out, episode.Picture{Format: episode.JPEG, Data: v})
	}
	return out
}

// cameras describes whose pictures they are; none where the episode has no pictures.
func (p *pictures) cameras(e *trace.Episode) ([]episode.Camera, error) {
	var out []episode.Camera
	for i, v := range p.last {
		name := fmt.Sprintf("camera%d", i+1)
		if i < len(p.names) {
			name = identifier(p.names[i])
		}
		w, h, err := v.Size()
		if err != nil {
			return nil, fmt.Errorf("the picture of camera %s cannot be read: %w; the trace is damaged", name, err)
		}
		out = append(out, episode.Camera{Name: name, Width: w, Height: h})
	}
	return out, nil
}

// identifier makes a name one that a topic or a column can have.
func identifier(name string) string {
	out := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, name)
	if out == "" || out[0] >= '0' && out[0] <= '9' || out[0] == '_' {
		out = "camera" + out
	}
	return out
}
