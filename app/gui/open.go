package gui

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// dropped takes what was dropped on the window, wherever.
func (w *window) dropped(_ fyne.Position, uris []fyne.URI) {
	w.openFiles(localPaths(uris))
}

// localPaths leaves out what is no file of this machine.
func localPaths(uris []fyne.URI) []string {
	var out []string
	for _, u := range uris {
		if u != nil && u.Scheme() == "file" && u.Path() != "" {
			out = append(out, u.Path())
		}
	}
	return out
}

// openFiles opens what was dropped, pasted, chosen or given on the command line.
func (w *window) openFiles(paths []string) {
	if len(paths) > 0 {
		w.look.Folder = filepath.Dir(paths[0])
	}
	w.load(func(ctx context.Context) opened { return loadFiles(ctx, paths) })
}

// load opens something in the background and takes it, unless another load began meanwhile.
func (w *window) load(open func(context.Context) opened) {
	w.loading++
	n := w.loading
	go func() {
		o := open(context.Background())
		var st *trace.State
		var in *input
		if o.err == nil && o.events != nil {
			st = trace.Fold(o.events)
			in = pictureOf(context.Background(), st)
		}
		w.do(func() {
			if w.closed || n != w.loading {
				return
			}
			switch {
			case o.err != nil:
				w.askWhenLoaded = false
				w.ui.banner.Error(sentence(o.err.Error()), widgets.Action{Label: "Choose another", Do: w.chooseFile})
			case o.model != "":
				if !answers(w.look.View) { // such a model answers
					w.setView(viewAsk)
				}
				w.chooseModel(o.model)
				w.say(o.notice)
			case o.drawer != "":
				w.setView(viewDraw)
				w.draw.chooseModel(o.drawer)
				w.say(o.notice)
			case o.policy != "":
				w.setView(viewRobot)
				w.robot.chooseModel(o.policy)
				w.say(o.notice)
			case st != nil && st.Request.Draw != nil:
				w.draw.restore(o, st)
			case st != nil && (st.Request.Act != nil || st.Acting != nil):
				w.robot.restore(o, st)
			case st != nil:
				w.cmp.restore(o, st, in)
			default:
				if !answers(w.look.View) { // a picture is asked about
					w.setView(viewAsk)
				}
				w.setInput(o.in)
				w.say(join(o.notice, strings.Join(o.in.Notes, "; ")))
				if w.askWhenLoaded {
					w.askWhenLoaded = false
					w.ask()
				}
			}
			w.remember()
		})
	}()
}

// say shows a notice, or takes the banner away where there is nothing to say.
func (w *window) say(text string) {
	if text == "" {
		w.ui.banner.Dismiss()
		return
	}
	w.ui.banner.Notice(sentence(text))
}

// setInput takes a picture to ask about. A run in progress ends: its picture is gone.
func (w *window) setInput(in *input) {
	w.abandonOthers()
	w.cancel()
	w.run = nil
	w.stopPlaying()
	if len(w.form.Force) > 0 { // they belong to the picture before
		w.hist.edited(w.form.edits(), "", w.now())
		w.form.Force = nil
	}
	w.in = in
	w.shown = snapshot{}
	w.at, w.dense, w.words = 0, false, wordScrub{}
	w.stopSweep()
	w.drawn = drawn{}
	w.ui.view.SetPicture(in.Image)
	w.cmp.newPicture()
	w.showInput()
	w.showSides()
	w.showRun()
	w.prepareSoon()
}

// restore shows a run that was recorded: its picture, question, methods, and what came of it.
func (w *window) restore(o opened, s *trace.State, in *input) {
	w.abandonOthers()
	w.cancel()
	w.run = nil
	w.stopPlaying()
	w.in = in
	if in != nil && s.Picture != nil {
		in.Name = s.Picture.Name
		// The run is about this picture even where it carries a smaller copy of it.
		in.SHA256 = s.Picture.SHA256
	}
	w.hist.edited(w.form.edits(), "", w.now())
	w.form.Methods, w.form.Force = stagesOf(s.Request.Methods), forcedOf(s.Request.Force)
	w.form.Question = s.Request.Question()
	w.form.Sampling = s.Request.Sampling
	if slices.ContainsFunc(w.models, func(m modelEntry) bool { return m.Name == s.Request.Model && m.Installed }) {
		w.form.Model = s.Request.Model
	}
	w.shown = snapshot{state: s, events: o.events, done: true}
	w.at, w.dense, w.follow, w.words = latestLayer(s), false, false, wordScrub{}
	w.live.took = 0
	w.stopSweep()
	w.drawn = drawn{}
	if !w.recallSweep(s, o.events) && s.Request.Sweep != nil {
		o.notice = join(o.notice, "the file's sweep moves another parameter than the slider, which leaves its curve to the export")
	}
	if in != nil {
		w.ui.view.SetPicture(in.Image)
	}
	w.ui.view.Ready()
	w.showForm()
	w.showInput()
	w.showSides()
	w.showRun()
	missing := ""
	if in != nil && in.Grey {
		missing = "the trace carries no picture; the grey one has its size"
	}
	if s.Error != "" {
		w.ui.banner.Error(sentence(s.Error))
	} else {
		w.say(join(o.notice, missing))
	}
	w.ui.toast.Say("Opened the run in " + o.name)
	w.sweepSoon()
}

// chooseModel takes a model by name or path.
func (w *window) chooseModel(name string) {
	if w.form.Model == name {
		return
	}
	w.form.Model = name
	w.remember()
	w.showMenus()
	w.showNotices()
	w.prepareSoon()
	w.ui.toast.Say("Model: " + w.modelTitle())
}

// chooseFile opens the dialog for anything that can be dropped.
func (w *window) chooseFile() {
	w.fileDialog([]string{
		".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".jsonl", ".gguf",
		".PNG", ".JPG", ".JPEG", ".WEBP", ".GIF", ".BMP", ".TIF", ".TIFF",
	})
}

// chooseCheckpoint opens it for models.
func (w *window) chooseCheckpoint() { w.fileDialog([]string{".gguf"}) }

func (w *window) fileDialog(extensions []string) {
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil {
			w.ui.banner.Error(sentence("the file cannot be opened: " + err.Error() + "; choose another one"))
			return
		}
		if r == nil {
			return
		}
		r.Close()
		w.openFiles(localPaths([]fyne.URI{r.URI()}))
	}, w.win)
	d.SetFilter(storage.NewExtensionFileFilter(extensions))
	w.showDialog(d)
}

// showDialog opens a file dialog in the last folder, as large as the window allows.
func (w *window) showDialog(d *dialog.FileDialog) {
	if w.look.Folder != "" {
		if l, err := storage.ListerForURI(storage.NewFileURI(w.look.Folder)); err == nil {
			d.SetLocation(l)
		}
	}
	s := w.win.Canvas().Size()
	d.Resize(fyne.NewSize(min(s.Width-80, 960), min(s.Height-80, 680)))
	d.Show()
}

// folderDialog lets the person choose a folder, beginning at the last one.
func (w *window) folderDialog(chosen func(fyne.ListableURI)) {
	f := dialog.NewFolderOpen(func(u fyne.ListableURI, err error) {
		if err != nil {
			w.ui.banner.Error(sentence("the folder cannot be opened: " + err.Error() + "; choose another one"))
			return
		}
		if u != nil {
			chosen(u)
		}
	}, w.win)
	w.showDialog(f)
}
