package gui

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
)

// showAnswers fills the rows: dense first, then each side with the words marked that differ.
func (c *comparison) showAnswers() {
	s, list := c.state(), c.contenders()
	rows := &c.ui.answers
	rows[0].set(c.answerOf(-1, contender{"Dense, all visual tokens", s.Dense}))
	changed := false
	for i := range maxStacks {
		row := rows[i+1]
		rule := c.ui.answerList.Objects[2*i+1]
		if on := i < len(list); on != row.Visible() {
			changed = true
			if on {
				row.Show()
				rule.Show()
			} else {
				row.Hide()
				rule.Hide()
			}
		}
		if i < len(list) {
			row.set(c.answerOf(i, list[i]))
		}
	}
	truth := ""
	if in := c.w.in; s.Dense != nil && s.Dense.Done && in != nil {
		if a := trueAnswer(in.Scene, s.Request.Question()); a != "" {
			truth = "The scene's list says: " + a
		}
	}
	if truth != c.ui.truth.Text() {
		changed = true
		c.ui.truth.SetText(truth)
		if truth == "" {
			c.ui.truth.Hide()
		} else {
			c.ui.truth.Show()
		}
	}
	if changed {
		c.ui.answerList.Refresh()
	}
}

// answerOf is what the row of a side says.
func (c *comparison) answerOf(i int, k contender) answerLine {
	s, d := c.state(), k.side
	l := answerLine{side: i, label: k.label}
	first := -1
	if d != nil {
		var marks []bool
		if i >= 0 && s.Dense != nil && len(s.Dense.Words) > 0 && (d.Done || s.Ended) && len(d.Words) > 0 {
			_, marks, first = trace.Diff(s.Dense.Words, d.Words)
		}
		for n, t := range d.Words {
			w := answerWord{text: t.Text, differs: n < len(marks) && marks[n]}
			w.first = w.differs && !slices.ContainsFunc(l.words, func(o answerWord) bool { return o.differs })
			l.words = append(l.words, w)
		}
		if len(l.words) == 0 && d.Text != "" {
			l.words = []answerWord{{text: d.Text}}
		}
	}
	switch {
	case d != nil && d.Done && d.Summary.Ended != "cancelled":
		switch {
		case i < 0:
			if d.Summary.Ended == "length" {
				l.verdict = "cut at the most tokens"
			}
		case s.Dense != nil && s.Dense.Done && first < 0:
			l.verdict = "same as dense"
		case first >= 0:
			l.verdict = fmt.Sprintf("differs from word %d on", wordNumber(s.Dense.Words, first))
		}
		if len(l.words) == 0 {
			l.hint = "an empty answer"
		}
	case s.Cancelled:
		l.verdict = "cancelled"
		if d == nil {
			l.hint = "cancelled before this side had begun"
		}
	case s.Error != "":
		l.hint, l.failed = "no answer: the run ended with an error", true
	case s.Running && d != nil && len(d.Words) > 0:
		l.streaming = true
		l.verdict = fmt.Sprintf("word %d", len(d.Words))
	case s.Running && d != nil:
		l.verdict = fmt.Sprintf("layer %d of %d", len(d.Layers), s.LayerCount())
		l.hint = "…"
	case s.Running:
		l.verdict, l.hint = "waiting", "…"
	case i < 0:
		l.hint = "the answer with all visual tokens appears here"
	default:
		l.hint = "the answer of this stack appears here"
	}
	return l
}

// wordNumber is which word of an answer token i belongs to, from 1.
func wordNumber(words []trace.Word, i int) int {
	var before strings.Builder
	for _, w := range words[:min(i, len(words))] {
		before.WriteString(w.Text)
	}
	n := len(strings.Fields(before.String()))
	if i < len(words) && n > 0 && !strings.HasPrefix(words[i].Text, " ") {
		return n // it goes on a word
	}
	return n + 1
}

func (c *comparison) openAnswerMenu(r *answerRow) {
	copying := fyne.NewMenuItem("Copy the answer", func() {
		c.w.app.Clipboard().SetContent(r.line.text())
		c.w.ui.toast.Say("The answer is on the clipboard")
	})
	copying.Disabled = r.line.text() == ""
	items := []*fyne.MenuItem{copying}
	if side := r.line.side; side >= 0 {
		if stacks := c.sideStacks(); side < len(stacks) {
			items = append(items, fyne.NewMenuItem("Open its stack in Ask", func() { c.openInAsk(stacks[side]) }))
		}
	}
	c.w.popUp(r, items)
}

// sideStacks are the methods of each side of the run shown or, before there is one, of the stacks.
func (c *comparison) sideStacks() [][]stage {
	r := c.state().Request
	if c.shown.state == nil {
		r = c.plan.request(trace.Request{})
	}
	var out [][]stage
	for _, s := range r.Stacks() {
		out = append(out, stagesOf(s.Methods))
	}
	return out
}
