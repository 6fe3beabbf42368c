package gui

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"winnow/app/gui/theme"
	"winnow/internal/trace"
	"winnow/robotics/export"
	"winnow/vision/figure"
)

func (w *window) openExportMenu() {
	switch {
	case w.comparing():
		w.cmp.openExportMenu()
		return
	case w.inDraw():
		w.draw.openExportMenu()
		return
	case w.inRobot():
		w.robot.openExportMenu()
		return
	}
	can := w.exportable()
	item := func(text string, do func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(text, do)
		i.Disabled = !can
		return i
	}
	swept := func(text string, do func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(text, do)
		i.Disabled = !w.hasCurve()
		return i
	}
	w.popUp(w.ui.exportMenu, []*fyne.MenuItem{
		item("Figure with the run inside, PNG …", w.exportFigure),
		item("Trace, JSON lines …", w.exportTrace),
		item("Scores of the visual tokens, CSV …", w.exportScores),
		fyne.NewMenuItemSeparator(),
		swept("Quality against cost, PNG with the points inside …", w.exportSweep),
		swept("Quality against cost, CSV …", w.exportPoints),
	})
}

// hasCurve reports whether there is a curve to write.
func (w *window) hasCurve() bool {
	c := w.curve()
	return w.run == nil && c != nil && c.dense != nil
}

// exportSweep writes the curve's figure.
func (w *window) exportSweep() {
	if !w.hasCurve() {
		return
	}
	s, events := w.curve().state()
	o := figure.Options{Light: w.look.theme() == theme.Light}
	w.exportAs(w.exportName("-curve"), ".png", func(path string) error { return figure.Write(path, s, events, o) })
}

// exportPoints writes a line for each of its points.
func (w *window) exportPoints() {
	if !w.hasCurve() {
		return
	}
	s, _ := w.curve().state()
	w.exportAs(w.exportName("-curve"), ".csv", func(path string) error {
		return trace.Save(path, func(out io.Writer) error { return trace.WritePoints(out, s) })
	})
}

// exportable reports whether there is a run to write: one in progress is not whole yet.
func (w *window) exportable() bool {
	return w.run == nil && len(w.front().events) > 0
}

func (w *window) exportFigure() {
	switch {
	case w.comparing():
		w.cmp.exportFigure()
		return
	case w.inDraw():
		w.draw.exportPicture()
		return
	case w.inRobot():
		w.robot.chooseExport(export.LeRobotV3)
		return
	}
	layer := w.at
	o := figure.Options{Layer: &layer, Map: w.look.colours(), Light: w.look.theme() == theme.Light}
	s := w.shown
	w.export(".png", func(path string) error { return figure.Write(path, s.state, s.events, o) })
}

func (w *window) exportTrace() {
	events := w.front().events
	w.export(".jsonl", func(path string) error { return trace.WriteFile(path, events) })
}

func (w *window) exportScores() {
	s := w.shown.state
	w.export(".csv", func(path string) error {
		return trace.Save(path, func(out io.Writer) error { return writeScores(out, s) })
	})
}

// export writes what there is of the run shown.
func (w *window) export(ext string, write func(path string) error) {
	if !w.exportable() {
		first := "ask"
		switch {
		case w.inDraw():
			first = "draw"
		case w.inRobot():
			first = "let the robot act"
		}
		w.ui.banner.Notice("There is no run to export yet: " + first + " first, or open a trace.")
		return
	}
	end := "-run"
	if w.comparing() {
		end = "-compared"
	} else if !answers(w.look.View) {
		end = ""
	}
	w.exportAs(w.exportName(end), ext, write)
}

// exportAs asks for a name and writes there, in the background.
func (w *window) exportAs(name, ext string, write func(path string) error) {
	d := dialog.NewFileSave(func(out fyne.URIWriteCloser, err error) {
		if err != nil {
			w.ui.banner.Error(sentence("nothing was written: " + err.Error() + "; choose another folder"))
			return
		}
		if out == nil {
			return
		}
		path := out.URI().Path()
		out.Close()
		w.look.Folder = filepath.Dir(path)
		w.remember()
		go func() {
			err := writeTo(path, ext, write)
			w.do(func() { w.exported(filepath.Base(path), err) })
		}()
	}, w.win)
	d.SetFileName(name + ext)
	d.SetFilter(storage.NewExtensionFileFilter([]string{ext}))
	w.showDialog(d)
}

// writeTo adds a missing extension. The dialog has made an empty file under the name, which goes
// away where the name was not used or nothing was written.
func writeTo(path, ext string, write func(string) error) error {
	to := path
	if !strings.EqualFold(filepath.Ext(path), ext) {
		to += ext
	}
	err := write(to)
	if info, e := os.Stat(path); e == nil && info.Size() == 0 && (err != nil || to != path) {
		os.Remove(path)
	}
	return err
}

func (w *window) exported(name string, err error) {
	switch {
	case errors.Is(err, context.Canceled):
		w.ui.banner.Notice(sentence(err.Error()))
	case err != nil:
		w.ui.banner.Error(sentence(err.Error()))
	default:
		w.ui.toast.Say("Wrote " + name)
	}
}

// exportName is the picture's name without its extension, and an end.
func (w *window) exportName(end string) string {
	name := "winnow"
	if w.inDraw() {
		name = w.draw.exportName()
	} else if w.inRobot() {
		name = w.robot.exportName()
	}
	if s := w.front().state; s != nil && s.Picture != nil && s.Picture.Name != "" {
		p := s.Picture
		name = strings.TrimSuffix(p.Name, filepath.Ext(p.Name))
	}
	return name + end
}

// writeScores writes a line for each layer and cell: what the pruned side did with it.
func writeScores(out io.Writer, s *trace.State) error {
	c := csv.NewWriter(out)
	if err := c.Write([]string{"layer", "row", "column", "token", "score", "rank", "kept", "died_at_layer", "method", "why"}); err != nil {
		return err
	}
	rows, cols := s.Grid()
	for layer := range s.LayerCount() {
		for i := range rows * cols {
			v := s.CellInfo(i/cols, i%cols, layer)
			if v.Token < 0 {
				continue
			}
			score, rank, died := "", "", ""
			if v.Score == v.Score {
				score = strconv.FormatFloat(float64(v.Score), 'g', 7, 32)
			}
			if v.Rank > 0 {
				rank = strconv.Itoa(v.Rank)
			}
			if v.DiedAtLayer >= 0 {
				died = strconv.Itoa(v.DiedAtLayer)
			}
			if err := c.Write([]string{
				strconv.Itoa(layer), strconv.Itoa(v.Row), strconv.Itoa(v.Col), strconv.Itoa(v.Token),
				score, rank, fmt.Sprint(v.Kept), died, v.Method, v.Why,
			}); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}
