package gui

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"

	"winnow/internal/trace"
	"winnow/vision/quality"
)

func (d *drawing) openExportMenu() {
	s, p := d.state(), d.prunedSide()
	item := func(text string, can bool, do func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(text, do)
		i.Disabled = !can || !d.w.exportable()
		return i
	}
	name := d.prunedName()
	d.w.popUp(d.w.ui.exportMenu, []*fyne.MenuItem{
		item("Picture of "+name+" with the run inside, PNG …", d.finished(p) != nil, func() { d.export(p, d.endName()) }),
		item("Dense picture with the run inside, PNG …", d.finished(s.Dense) != nil, func() { d.export(s.Dense, "-dense") }),
		item(fmt.Sprintf("Difference × %d with the run inside, PNG …", quality.Amplified), d.finished(p) != nil && d.finished(s.Dense) != nil, d.exportDifference),
		fyne.NewMenuItemSeparator(),
		item("Trace, JSON lines …", true, d.w.exportTrace),
	})
}

// exportPicture writes the pruned picture, or where no method was on the dense one.
func (d *drawing) exportPicture() {
	s, p := d.state(), d.prunedSide()
	switch {
	case d.finished(p) != nil:
		d.export(p, d.endName())
	case d.finished(s.Dense) != nil && !d.prunes():
		d.export(s.Dense, "-dense")
	default:
		d.w.ui.banner.Notice("There is no finished picture to export yet: draw first, or open a trace.")
	}
}

// export writes a side's picture with the run inside.
func (d *drawing) export(x *trace.Side, end string) {
	file, events := x.Drawn.Image, d.shown.events
	d.save(end, func() ([]byte, error) { return file, nil }, events)
}

func (d *drawing) exportDifference() {
	a, b, events := d.finished(d.state().Dense), d.finished(d.prunedSide()), d.shown.events
	d.save("-difference", func() ([]byte, error) {
		img, err := quality.Difference(a, b)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		err = png.Encode(&out, img)
		return out.Bytes(), err
	}, events)
}

// save asks for a name and writes a picture there.
func (d *drawing) save(end string, of func() ([]byte, error), events []trace.Event) {
	if !d.w.exportable() {
		d.w.ui.banner.Notice("There is no run to export yet: draw first, or open a trace.")
		return
	}
	d.w.exportAs(d.exportName()+end, ".png", func(path string) error { return writeDrawing(path, of, events) })
}

// writeDrawing writes a picture with the run in it.
func writeDrawing(path string, of func() ([]byte, error), events []trace.Event) error {
	file, err := of()
	if err == nil {
		file, err = trace.EmbedPNG(file, trace.Lighter(events))
	}
	if err != nil {
		return fmt.Errorf("%s was not written: %w", path, err)
	}
	return trace.Save(path, func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	})
}

// exportName is the prompt as the name of a file.
func (d *drawing) exportName() string {
	prompt := ""
	if r := d.state().Request.Draw; r != nil {
		prompt = r.Prompt
	}
	name := slug(prompt, 48)
	if name == "" {
		return "drawing"
	}
	return name
}

// endName is that of the methods.
func (d *drawing) endName() string {
	if s := slug(d.prunedName(), 24); s != "" {
		return "-" + s
	}
	return "-pruned"
}

// slug keeps letters and digits of a text, words joined by hyphens, up to n characters.
func slug(text string, n int) string {
	out := ""
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		next := word
		if out != "" {
			next = out + "-" + word
		}
		if len([]rune(next)) > n {
			break
		}
		out = next
	}
	return out
}
