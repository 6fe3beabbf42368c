package gui

import (
	"bytes"
	"context"
	"image/png"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"github.com/disintegration/imaging"

	"winnow/app/gui/theme"
	"winnow/assets/samples"
)

// sceneColumns by two rows is how the sample scenes lie under the picture's card.
const sceneColumns = 6

// buildScenes makes the thumbnails; their pictures are decoded in the background, so that the
// window does not wait for them.
func (w *window) buildScenes() []*thumb {
	side := float32(leftWidthSmall-2*side4-(sceneColumns-1)*theme.Step) / sceneColumns
	var out []*thumb
	for i := range samples.Scenes() {
		out = append(out, newThumb(nil, side, func() { w.openScene(i) }))
	}
	go func() {
		for i, s := range samples.Scenes() {
			img, err := png.Decode(bytes.NewReader(s.Data))
			if err != nil {
				continue // the embedded files are tested
			}
			small := imaging.Fit(img, 2*int(side), 2*int(side), imaging.Box)
			w.do(func() { out[i].setImage(small) })
		}
	}()
	return out
}

func (w *window) sceneGrid() fyne.CanvasObject {
	grid := container.NewGridWithColumns(sceneColumns)
	for _, t := range w.ui.scenes {
		grid.Add(t)
	}
	return grid
}

// openScene chooses a sample scene.
func (w *window) openScene(i int) {
	s := samples.Scenes()[i]
	w.load(func(ctx context.Context) opened { return loadBytes(ctx, s.Data, s.File) })
}

// suggestCount questions of a scene are suggested, of different kinds.
const suggestCount = 4

// suggested picks questions of a scene, one of each kind first.
func suggested(s *samples.Scene) []samples.Question {
	if s == nil {
		return nil
	}
	var out []samples.Question
	used := map[string]bool{}
	for _, kind := range []string{"count", "where", "what", "colour", "relation", "exist"} {
		for _, q := range s.Questions {
			if q.Kind == kind && !used[kind] && len(out) < suggestCount {
				used[kind] = true
				out = append(out, q)
			}
		}
	}
	return out
}

// trueAnswer is what a scene's list says to a question, or empty.
func trueAnswer(s *samples.Scene, question string) string {
	if s == nil {
		return ""
	}
	for _, q := range s.Questions {
		if q.Question == question {
			return q.Answer
		}
	}
	return ""
}

// offerQuestions shows the suggestions, or leaves their room to the methods once one was asked; who
// goes back to the question sees them again.
func (w *window) offerQuestions(on bool) {
	box := w.ui.suggestions
	if on = on && len(box.Objects) > 0; on == box.Visible() {
		return
	}
	if on {
		box.Show()
	} else {
		box.Hide()
	}
}

func (w *window) showSuggestions() {
	box := w.ui.suggestions
	box.Objects = nil
	if w.in != nil {
		for _, q := range suggested(w.in.Scene) {
			box.Add(newSuggestion(q.Question, func() {
				w.ui.question.SetText(q.Question)
				w.submit()
			}))
		}
	}
	w.offerQuestions(w.shown.state == nil)
	box.Refresh()
	for i, t := range w.ui.scenes {
		t.setChosen(w.in != nil && w.in.Scene != nil && w.in.Scene.File == samples.Scenes()[i].File)
	}
}
