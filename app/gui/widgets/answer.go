package widgets

import (
	"slices"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
)

// AnswerWord is a piece of an answer as it was generated, spaces included.
type AnswerWord struct {
	Text string
	// Differs marks what the other side answered differently.
	Differs bool
}

// AnswerState is how far an answer is.
type AnswerState int

// The states of an answer.
const (
	AnswerEmpty AnswerState = iota
	AnswerWaiting
	AnswerStreaming
	AnswerDone
	AnswerCancelled
	AnswerError
)

// AnswerCard is one side's answer: a title, the words with the differing ones marked, a line of
// numbers, a button that copies the text.
type AnswerCard struct {
	widget.BaseWidget
	// OnCopy is called after the text was put on the clipboard.
	OnCopy func(text string)

	title string
	kept  bool
	words []AnswerWord
	stats string
	state AnswerState
	note  string

	// lines are the words broken for width.
	lines [][]run
	width float32
}

// NewAnswerCard makes an empty card. kept gives it the accent: it is the pruned side.
func NewAnswerCard(title string, kept bool) *AnswerCard {
	a := &AnswerCard{title: title, kept: kept}
	a.ExtendBaseWidget(a)
	return a
}

// SetTitle changes the title.
func (a *AnswerCard) SetTitle(title string) { a.title = title; a.Refresh() }

// SetWords replaces the words; while they stream in, call it with all of them.
func (a *AnswerCard) SetWords(words []AnswerWord) {
	if slices.Equal(words, a.words) {
		return
	}
	a.words = slices.Clone(words)
	a.Refresh()
}

// SetStats is the line of numbers under the answer.
func (a *AnswerCard) SetStats(text string) {
	if a.stats != text {
		a.stats = text
		a.Refresh()
	}
}

// SetState says how far the answer is. The note is what the empty card says, what is waited
// for, why it was cancelled, or the error.
func (a *AnswerCard) SetState(state AnswerState, note string) {
	if a.state != state || a.note != note {
		a.state, a.note = state, note
		a.Refresh()
	}
}

// Text is the answer so far.
func (a *AnswerCard) Text() string {
	var b strings.Builder
	for _, w := range a.words {
		b.WriteString(w.Text)
	}
	return strings.TrimSpace(b.String())
}

func (a *AnswerCard) copy() {
	text := a.Text()
	if text == "" {
		return
	}
	fyne.CurrentApp().Clipboard().SetContent(text)
	if a.OnCopy != nil {
		a.OnCopy(text)
	}
}

// Resize implements fyne.CanvasObject: a new width breaks the lines anew.
func (a *AnswerCard) Resize(s fyne.Size) {
	changed := s.Width != a.width
	a.width = s.Width
	a.BaseWidget.Resize(s)
	if changed {
		a.Refresh()
	}
}

// run is a stretch of one line that is set alike.
type run struct {
	text    string
	differs bool
}

// breakWords sets words in lines of a width. A word is what lies between spaces; it may be made
// of several tokens, some marked and some not. A space is marked between two marked words.
func breakWords(words []AnswerWord, width float32) [][]run {
	lines := [][]run{nil}
	var used float32
	var word []run
	space := measure(" ", body).Width
	add := func(r run) {
		line := &lines[len(lines)-1]
		if n := len(*line); n > 0 && (*line)[n-1].differs == r.differs {
			(*line)[n-1].text += r.text
			return
		}
		*line = append(*line, r)
	}
	flush := func() {
		var w float32
		for _, r := range word {
			w += measure(r.text, body).Width
		}
		line := lines[len(lines)-1]
		switch {
		case len(word) == 0:
			return
		case len(line) > 0 && used+space+w > width:
			lines, used = append(lines, nil), 0
		case len(line) > 0:
			add(run{" ", line[len(line)-1].differs && word[0].differs})
			used += space
		}
		for _, r := range word {
			add(r)
		}
		used += w
		word = word[:0]
	}
	for _, piece := range words {
		start := 0
		text := piece.Text
		part := func(end int) {
			if end > start {
				word = append(word, run{text[start:end], piece.Differs})
			}
		}
		for i, c := range text {
			if !unicode.IsSpace(c) {
				continue
			}
			part(i)
			start = i + len(string(c))
			flush()
			if c == '\n' && len(lines[len(lines)-1]) > 0 {
				lines, used = append(lines, nil), 0
			}
		}
		part(len(text))
	}
	flush()
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// CreateRenderer implements fyne.Widget.
func (a *AnswerCard) CreateRenderer() fyne.WidgetRenderer {
	const head = 7 * theme.Step
	box := newPanelBox()
	title := newText(captionBold)
	copier := NewIconButton(IconCopy, "copy the answer", a.copy)
	stateTag := newTag()
	note, stats := NewNote(""), NewNote("")
	stats.face, stats.whole = captionMono, true
	caret := canvas.NewRectangle(nil)
	var texts []*canvas.Text
	var marks []*canvas.Rectangle
	var objects []fyne.CanvasObject
	lineHeight := measure("Ag", body).Height + 2
	r := &renderer{objects: func() []fyne.CanvasObject { return objects }}
	rows := func() int {
		if n := len(a.lines); n > 0 {
			return n
		}
		if a.note == "" || a.state == AnswerStreaming || a.state == AnswerDone {
			return 1
		}
		return 0
	}
	r.min = func() fyne.Size {
		h := float32(head) + 2*theme.Inset + float32(rows())*lineHeight
		if note.text != "" {
			h += note.MinSize().Height + theme.Step
		}
		if stats.text != "" {
			h += stats.MinSize().Height + theme.Step
		}
		return fyne.NewSize(48*theme.Step, h)
	}
	r.layout = func(s fyne.Size) {
		m := title.MinSize()
		place(title, 0, (head-m.Height)/2, m.Width, m.Height)
		t := tagSize(stateTag.text.Text)
		stateTag.place(m.Width+theme.Gap, (head-t.Height)/2, t)
		place(copier, s.Width-head, 0, head, head)
		place(box, 0, head, s.Width, s.Height-head)
		inner := s.Width - 2*theme.Inset
		y := float32(head + theme.Inset)
		i, endX, endY := 0, float32(theme.Inset), y
		for _, line := range a.lines {
			x := float32(theme.Inset)
			for _, run := range line {
				if i >= len(texts) {
					break
				}
				w := measure(run.text, body).Width
				place(texts[i], x, y, w, lineHeight)
				place(marks[i], x, y+lineHeight-3, w, 2)
				marks[i].Hidden = !run.differs
				x += w
				i++
			}
			endX, endY = x+2, y
			y += lineHeight
		}
		place(caret, endX, endY+1, 2, lineHeight-4)
		if len(a.lines) == 0 && rows() > 0 {
			y += lineHeight
		}
		for _, n := range []*Note{note, stats} {
			if n.text == "" {
				continue
			}
			if n == stats || len(a.lines) > 0 {
				y += theme.Step
			}
			n.Resize(fyne.NewSize(inner, n.MinSize().Height))
			place(n, theme.Inset, y, inner, n.MinSize().Height)
			y += n.MinSize().Height
		}
	}
	r.refresh = func() {
		a.lines = nil
		if a.width > 2*theme.Inset {
			a.lines = breakWords(a.words, a.width-2*theme.Inset)
		}
		var runs []run
		for _, l := range a.lines {
			runs = append(runs, l...)
		}
		texts, _ = resize(texts, len(runs), func() *canvas.Text { return newText(body) })
		marks, _ = resize(marks, len(runs), func() *canvas.Rectangle { return &canvas.Rectangle{CornerRadius: 1} })
		objects = []fyne.CanvasObject{box, title, stateTag.box, stateTag.text, copier}
		accent := theme.ColorMeasured
		if a.kept {
			accent = theme.ColorKept
		}
		for i, run := range runs {
			texts[i].Text, texts[i].Color = run.text, tint(a, foreground)
			if run.differs {
				texts[i].Color = tint(a, accent)
			}
			marks[i].FillColor = tint(a, accent)
			objects = append(objects, marks[i], texts[i])
			texts[i].Refresh()
		}
		objects = append(objects, note, stats, caret)
		title.Text, title.Color = a.title, tint(a, theme.ColorSoft)
		paintPanel(a, box, a.kept && len(a.words) > 0 && a.state != AnswerError)
		note.color = theme.ColorFaint
		if a.state == AnswerError {
			note.color = fynetheme.ColorNameError
			box.StrokeColor = faded(tint(a, fynetheme.ColorNameError), 0x90)
		}
		note.SetText(a.note)
		note.Refresh()
		stats.SetText(a.stats)
		stateTag.set(a, map[AnswerState]string{AnswerWaiting: "waiting", AnswerCancelled: "cancelled"}[a.state])
		caret.FillColor = tint(a, accent)
		caret.Hidden = a.state != AnswerStreaming
		copier.Hidden = len(a.words) == 0 || a.state == AnswerStreaming || a.state == AnswerWaiting
		r.layout(a.Size())
		title.Refresh()
		canvas.Refresh(caret)
	}
	r.refresh()
	return r
}
