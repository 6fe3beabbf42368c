package gui

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"winnow/app/engine"
	"winnow/app/gui/theme"
	"winnow/internal/trace"
	"winnow/vision/heatmap"

	_ "winnow/pruning/catalogue" // the methods that can be stacked
)

// AppID names the application to the desktop and to the store of its settings.
const AppID = "app.winnow.Winnow"

// Options say how the window opens. The zero value opens it as it was left.
type Options struct {
	// Files are opened as if they were dropped: a picture, a trace, a figure, or a model.
	Files []string
	// Question replaces the one that was remembered, where it is not empty.
	Question string
	// Ask asks at once, when the picture is there.
	Ask bool
}

// Run opens the window and returns when it is closed. It closes the engine.
func Run(e engine.Engine, o Options) {
	nameLocale()
	a := still{app.NewWithID(AppID)}
	fyne.SetCurrentApp(a) // where Fyne's widgets look
	w := newWindowOn(a, e, fyne.Do)
	w.apply(o)
	w.win.Show()
	a.Lifecycle().SetOnStarted(w.started)
	a.Run()
	w.close()
}

// nameLocale names a language where the environment has none (LANG unset, or C): Fyne reports an
// error for each window otherwise.
func nameLocale() {
	for _, key := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(key); v != "" && v != "C" && v != "POSIX" && !strings.HasPrefix(v, "C.") {
			return
		}
	}
	os.Unsetenv("LC_ALL")
	os.Unsetenv("LC_MESSAGES")
	os.Setenv("LANG", "en_US.UTF-8")
}

// window is the Ask view and what it shows. All fields belong to Fyne's thread.
type window struct {
	app    fyne.App
	win    fyne.Window
	engine engine.Engine
	// do runs a function on Fyne's thread: fyne.Do outside of tests.
	do func(func())
	// now is the clock of undo steps.
	now func() time.Time

	form form
	hist history[edits]
	look look
	// in is the picture to ask about, nil before there is one; loading counts the loads begun, so
	// that a slow one does not replace a later one.
	in      *input
	loading int

	// run is the run in progress, nil when idle.
	run *running
	// shown is what the right column and the overlay show: the run in progress or the last one, or
	// an opened trace. Its state is nil before there is one.
	shown snapshot
	// at is the layer under the scrubber; follow moves it along with the run until the person
	// takes hold of it.
	at     int
	follow bool
	// dense shows the dense side on the picture instead of the pruned one.
	dense bool
	// playing stops the timeline's playback; nil when it stands.
	playing context.CancelFunc
	// words scrubs through the answer, hand remembers the cell forced last, live repeats runs while
	// the person changes something, sweep is the curve under the keep slider.
	words wordScrub
	hand  [2]int
	live  live
	sweep sweep
	// drawn says what the widgets hold, so that only what changed is drawn again.
	drawn drawn

	// prepare cancels the engine's preparation for the picture and model chosen.
	prepare context.CancelFunc
	models  []engine.ModelEntry
	devices []engine.DeviceEntry
	// listErr says why the engine lists nothing.
	listErr error
	// foreign is set once the notice about pictures outside the built-in model's world was closed.
	foreign bool
	// askWhenLoaded asks as soon as the picture of the command line is there.
	askWhenLoaded bool
	closed        bool

	ui controls
	// cmp is the Compare view, which shares the picture, the question and the run with this one, draw
	// the Draw view and robot the Robot view, which share the run.
	cmp   *comparison
	draw  *drawing
	robot *robot
	// parts are what only some of the views show.
	parts []viewPart
}

// look is how the view is set, remembered beside the form.
type look struct {
	Theme string `json:"theme"` // dark, light, system
	// View is the one in front: ask, compare, draw, robot.
	View  string  `json:"view,omitempty"`
	Mode  string  `json:"mode"` // kept, score, rank
	Map   string  `json:"map"`
	Alpha float64 `json:"alpha"`
	// Sampling: its controls are unfolded.
	Sampling bool `json:"sampling"`
	// Tab of the inspector, by its title.
	Tab string `json:"tab,omitempty"`
	// Flat folds the curve under the keep slider away; Top1 and Cost say what it draws.
	Flat bool   `json:"flat,omitempty"`
	Top1 bool   `json:"top1,omitempty"`
	Cost string `json:"cost,omitempty"`
	// Folder was opened last.
	Folder string `json:"folder"`
}

func defaultLook() look {
	return look{Theme: "dark", Mode: heatmap.Kept.String(), Map: heatmap.Cividis.String(), Alpha: 0.7}
}

func (l look) mode() heatmap.Mode {
	m, err := heatmap.ModeNamed(l.Mode)
	if err != nil {
		return heatmap.Kept
	}
	return m
}

func (l look) colours() heatmap.Map {
	m, err := heatmap.MapNamed(l.Map)
	if err != nil {
		return heatmap.Cividis
	}
	return m
}

func (l look) theme() theme.Mode {
	switch l.Theme {
	case "light":
		return theme.Light
	case "system":
		return theme.System
	}
	return theme.Dark
}

// newWindowOn builds the window without starting the engine, so that it shows at once. do runs a
// function on the thread that this is called on, some time.
func newWindowOn(a fyne.App, e engine.Engine, do func(func())) *window {
	w := &window{app: a, engine: e, do: do, now: time.Now, follow: true}
	w.cmp, w.draw, w.robot = newComparison(w), newDrawing(w), newRobot(w)
	w.recall()
	a.Settings().SetTheme(theme.New(w.look.theme()))
	w.win = a.NewWindow("Winnow")
	w.win.SetPadded(false)
	w.win.SetMaster()
	w.win.SetContent(w.build())
	w.win.Resize(w.recalledSize())
	w.win.SetOnDropped(w.dropped)
	w.win.SetCloseIntercept(func() {
		w.remember()
		w.cancel()
		w.win.Close()
	})
	w.addShortcuts()
	w.showAll()
	return w
}

// apply takes what the command line asked for.
func (w *window) apply(o Options) {
	if o.Question != "" {
		w.form.Question = o.Question
		w.ui.question.SetText(o.Question)
	}
	w.askWhenLoaded = o.Ask
	if len(o.Files) > 0 {
		w.openFiles(o.Files)
	}
}

// started asks the engine what there is, once the window stands.
func (w *window) started() {
	w.focusQuestion()
	w.listEngine()
}

// listEngine fills the menus of models and devices.
func (w *window) listEngine() {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		models, err := w.engine.Models(ctx)
		devices, err2 := w.engine.Devices(ctx)
		if err == nil {
			err = err2
		}
		w.do(func() {
			if w.closed {
				return
			}
			w.robot.list(models)
			// The Draw view lists its own, too.
			w.models = slices.DeleteFunc(models, func(m engine.ModelEntry) bool { return m.Draws || m.Acts })
			w.devices, w.listErr = devices, err
			w.showMenus()
			w.showNotices()
			w.showStatus()
			if err != nil {
				w.ui.banner.Error(sentence(err.Error()), w.restart())
			}
			w.prepareSoon()
		})
	}()
}

// close ends what runs; the window is gone.
func (w *window) close() {
	w.closed = true
	w.cancel()
	if w.prepare != nil {
		w.prepare()
	}
	w.engine.Close()
}

// model is the entry of the model chosen, or nil where it is a file or not known yet.
func (w *window) model() *engine.ModelEntry {
	for i, m := range w.models {
		if m.Name == w.form.Model || w.form.Model == "" && m.BuiltIn {
			return &w.models[i]
		}
	}
	return nil
}

// asked is the request's state of the trace shown, empty before there is one.
func (w *window) state() *trace.State {
	if w.shown.state == nil {
		return &trace.State{}
	}
	return w.shown.state
}

// side is the one that the picture shows: the pruned one where it has started, unless the person
// asked for the dense one.
func (w *window) side() *trace.Side {
	s := w.state()
	if w.dense || s.Pruned == nil {
		return s.Dense
	}
	return s.Pruned
}
