package gui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/app/recording"
	"winnow/internal/trace"
	"winnow/robotics/export"
)

// exports are the formats that the card offers, with the names on the buttons and the ends of files;
// a dataset is a folder and has none.
var exports = []struct {
	format      export.Format
	label, long string
	ext         string
}{
	{export.LeRobotV3, "LeRobot v3", "LeRobot dataset, v3.0 …", ""},
	{export.MCAP, "MCAP", "MCAP, ROS 2 …", ".mcap"},
	{export.CSV, "CSV", "Table of the steps, CSV …", ".csv"},
	{export.JSONL, "JSONL", "Steps, JSON lines …", ".jsonl"},
	{export.LeRobotV21, "LeRobot v2.1", "LeRobot dataset, v2.1 …", ""},
}

func (r *robot) buildExport() fyne.CanvasObject {
	u := &r.ui
	u.exported = widgets.NewNote("")
	buttons := container.New(&flow{gap: theme.Gap, width: rightWidthSmall - 2*side4 - 2*theme.Inset})
	for _, e := range exports {
		b := widgets.NewButton(e.label, widgets.Outline, func() { r.chooseExport(e.format) })
		u.formats = append(u.formats, b)
		buttons.Add(b)
	}
	u.saveTrace = widgets.NewButton("Trace", widgets.Outline, r.w.exportTrace)
	buttons.Add(u.saveTrace)
	u.exportButtons = buttons
	u.exportRunning = container.NewHBox(widgets.NewButton("Cancel the export", widgets.Outline, r.stopWriting))
	u.exportRunning.Hide()
	return widgets.NewPanel(vbox(theme.Gap, u.exported, u.exportButtons, u.exportRunning))
}

// showExport says what would be written, or how far the export is.
func (r *robot) showExport() {
	u := &r.ui
	text := r.exportText()
	if r.writing != nil {
		text = r.written
		u.exportButtons.Hide()
		u.exportRunning.Show()
	} else {
		u.exportRunning.Hide()
		u.exportButtons.Show()
	}
	can := r.recorded() && r.w.run == nil
	for _, b := range append([]*widgets.Button{u.saveTrace}, u.formats...) {
		if can || b == u.saveTrace && r.w.run == nil && len(r.shown.events) > 0 {
			b.Enable()
		} else {
			b.Disable()
		}
	}
	if u.exported.Text() != text {
		u.exported.SetText(text)
		u.results.Refresh()
	}
}

func (r *robot) recorded() bool {
	s := r.state()
	return s.Acting != nil && len(recording.Recorded(s)) > 0
}

// exportText names the episode shown, and the others that are written with it.
func (r *robot) exportText() string {
	e := r.now()
	if e == nil || len(e.Moves) == 0 {
		return "The episodes of a run can be written here, all into one file or dataset."
	}
	text := fmt.Sprintf("Episode %d · %s", r.episode+1, outcome(e))
	if n := len(recording.Recorded(r.state())); n > 1 {
		text += fmt.Sprintf(" (all %d are written)", n)
	}
	if n := recording.Repeated(r.state()); n > 0 {
		text += fmt.Sprintf("; %s without pictures get those of the step before", plural(n, "step"))
	}
	return text
}

func (r *robot) openExportMenu() {
	var items []*fyne.MenuItem
	for _, e := range exports {
		item := fyne.NewMenuItem(e.long, func() { r.chooseExport(e.format) })
		item.Disabled = !r.recorded() || r.w.run != nil || r.writing != nil
		items = append(items, item)
	}
	item := fyne.NewMenuItem("Trace, JSON lines …", r.w.exportTrace)
	item.Disabled = !r.w.exportable()
	r.w.popUp(r.w.ui.exportMenu, append(items, fyne.NewMenuItemSeparator(), item))
}

// chooseExport asks where to, and writes all episodes of the run there.
func (r *robot) chooseExport(f export.Format) {
	w := r.w
	switch {
	case !r.recorded() || w.run != nil:
		w.ui.banner.Notice("There is no episode to export yet: let the robot act and pause it, or open a trace.")
		return
	case r.writing != nil:
		w.ui.banner.Notice("An export is being written: wait for it, or cancel it.")
		return
	}
	s := r.state()
	for _, e := range exports {
		if e.format != f {
			continue
		}
		if !f.Folder() {
			w.exportAs(r.exportName()+"-episodes", e.ext, func(path string) error { return r.write(f, path, s) })
			return
		}
		w.folderDialog(func(u fyne.ListableURI) {
			w.look.Folder = u.Path()
			w.remember()
			r.writeFolder(f, freshFolder(u.Path(), r.exportName()+"-lerobot"), s)
		})
	}
}

// writeFolder writes a dataset in the background.
func (r *robot) writeFolder(f export.Format, path string, s *trace.State) {
	go func() {
		err := r.write(f, path, s)
		r.w.do(func() { r.w.exported(filepath.Base(path), err) })
	}()
}

// freshFolder is a name in a folder under which nothing lies yet.
func freshFolder(parent, name string) string {
	path := filepath.Join(parent, name)
	for i := 2; ; i++ {
		if _, err := os.Lstat(path); err != nil {
			return path
		}
		path = filepath.Join(parent, fmt.Sprintf("%s-%d", name, i))
	}
}

// writtenEvery is how often the card says how far an export is.
const writtenEvery = 100 * time.Millisecond

// write exports the episodes of a run; it is called on a goroutine of its own.
func (r *robot) write(f export.Format, path string, s *trace.State) error {
	from, err := recording.Source(s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	say := func(text string) {
		r.w.do(func() {
			if ctx.Err() == nil && !r.w.closed {
				r.writing, r.written = cancel, text
				r.showExport()
			}
		})
	}
	say("Writing …")
	var last time.Time
	err = export.Write(ctx, f, path, from, export.Options{Progress: func(p export.Progress) {
		if now := time.Now(); now.Sub(last) > writtenEvery {
			last = now
			say(fmt.Sprintf("Writing episode %d of %d, step %d of %d …", min(p.Episode+1, p.Episodes), p.Episodes, p.Step, p.Steps))
		}
	}})
	r.w.do(func() {
		r.writing = nil
		r.showExport()
	})
	return err
}

func (r *robot) stopWriting() {
	if r.writing != nil {
		r.writing()
	}
}

// exportName is what the run did, as the name of a file.
func (r *robot) exportName() string {
	a := r.state().Acting
	if a == nil {
		return "robot"
	}
	name := slug(strings.Join([]string{a.Suite, a.Task}, " "), 48)
	if p := a.Player(trace.Pruned); p != nil {
		name += "-" + slug(p.Model, 24)
	}
	if name = strings.Trim(name, "-"); name == "" {
		return "robot"
	}
	return name
}
