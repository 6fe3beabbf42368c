package gui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/vision/heatmap"
)

// controls are the widgets that are written to after they were built.
type controls struct {
	columns *columns

	// Top bar.
	bar                     *fyne.Container
	brand                   *brand
	views                   *widgets.Segmented
	pages                   *widgets.Segmented
	modelMenu, deviceMenu   *widgets.Button
	exportMenu, settingsBtn *widgets.Button

	// Left.
	card         *pictureCard
	scenes       []*thumb
	question     *questionEntry
	suggestions  *fyne.Container
	samplingLine *foldLine
	samplingBox  *fyne.Container
	sampling     *samplingControls
	stack        cardStack
	askButton    *widgets.Button
	keep         keepPanel

	// Centre.
	banner, notice banner
	tools          *fyne.Container
	modes, sides   *widgets.Segmented
	clearForced    *widgets.Button
	alpha          *widgets.Slider
	mapMenu        *widgets.Button
	view           *widgets.PictureView
	timeline       *widgets.Timeline
	words          *widgets.StepScrubber
	// relay lays the centre out anew, after something came or went.
	relay func()

	// Right.
	denseCard, prunedCard *widgets.AnswerCard
	truth                 *widgets.Note
	savings               *widgets.SavingsPanel
	column                *fyne.Container // the results, from top to bottom
	inspector             inspector

	status *widgets.StatusBar
	toast  *widgets.Toast
	help   *helpPanel
}

const side4 = 4 * theme.Step

func (w *window) build() fyne.CanvasObject {
	u := &w.ui
	u.status = widgets.NewStatusBar()
	u.toast = widgets.NewToast()
	u.columns = &columns{resized: w.rememberSize, narrowed: w.narrowed}
	middle := container.New(u.columns, w.buildLeft(), w.buildCentre(), w.buildRight(),
		newRule(), newRule())
	page := container.New(&frame{}, w.buildTop(), middle, u.status)
	w.setView(w.look.View)
	return container.NewStack(page, u.toast)
}

func padded(top, bottom, left, right float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), o)
}

func vbox(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(gap), objects...)
}

func hbox(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(gap), objects...)
}

func (w *window) buildTop() fyne.CanvasObject {
	u := &w.ui
	u.brand = newBrand()
	u.pages = widgets.NewSegmented([]string{"Picture", "Results"}, func(i int) { u.columns.show(i) })
	u.pages.Hide()
	u.modelMenu = widgets.NewButton("Model", widgets.Outline, w.openModelMenu)
	u.deviceMenu = widgets.NewButton("Device", widgets.Outline, w.openDeviceMenu)
	u.exportMenu = widgets.NewButton("Export ▾", widgets.Outline, w.openExportMenu)
	u.settingsBtn = widgets.NewIconButton(widgets.IconGear, "settings", w.openSettings)
	u.bar = container.New(&topBar{}, hbox(side4, u.brand, w.buildViews()), u.pages,
		hbox(theme.Gap, u.modelMenu, u.deviceMenu, u.exportMenu, u.settingsBtn))
	return vbox(0, padded(theme.Gap, theme.Gap, side4, side4, u.bar), newRule())
}

func (w *window) buildLeft() fyne.CanvasObject {
	u := &w.ui
	u.card = newPictureCard(w.chooseFile)
	u.scenes = w.buildScenes()
	u.question = newQuestionEntry(w)
	u.suggestions = vbox(2)
	u.sampling = newSamplingControls(w.sampled)
	u.samplingBox = vbox(theme.Gap, u.sampling.box)
	u.samplingLine = newFoldLine(w.foldSampling)
	w.buildStack()
	u.askButton = widgets.NewButton("Ask", widgets.Primary, w.askOrCancel)

	column := vbox(theme.Gap,
		widgets.NewSectionTitle("Picture"), u.card, w.sceneGrid(),
		gap(), widgets.NewSectionTitle("Question"), u.question, u.suggestions, u.samplingLine, u.samplingBox,
		gap(), w.cmp.either(vbox(theme.Gap, u.stack.title, u.stack.box, u.stack.add), w.cmp.buildStacks()))
	scroll := container.NewVScroll(padded(theme.Inset, theme.Inset, side4, side4, column))
	foot := vbox(0, newRule(), padded(theme.Inset, theme.Inset, side4, side4,
		w.cmp.either(vbox(theme.Inset, w.buildKeep(), u.askButton), w.cmp.buildButton())))
	return w.perView(container.New(&frame{}, vbox(0), scroll, foot), w.draw.buildLeft(), w.robot.buildLeft())
}

func (w *window) buildCentre() fyne.CanvasObject {
	u := &w.ui
	var whole *fyne.Container
	relay := func() { whole.Layout.Layout(whole.Objects, whole.Size()) }
	u.relay = relay
	u.banner, u.notice = banner{widgets.NewBanner(), relay}, banner{widgets.NewBanner(), relay}
	u.banner.OnDismiss = relay
	u.notice.OnDismiss = func() { w.foreign = true; relay() }
	u.modes = widgets.NewSegmented([]string{"Kept", "Score", "Rank"}, func(i int) { w.setMode(heatmap.Mode(i)) })
	u.sides = widgets.NewSegmented([]string{"A dense", "B pruned"}, func(i int) { w.setDense(i == 0) })
	u.alpha = widgets.NewSlider(0, 1, 0.01)
	u.alpha.OnChanged = w.setAlpha
	u.mapMenu = widgets.NewButton("", widgets.Outline, w.openMapMenu)
	u.view = widgets.NewPictureView()
	u.view.Tooltip = w.tooltip
	u.view.OnKey = w.typedKey
	u.view.OnTapCell = w.cellTapped
	// Fyne knows no canvas for objects that were never visible: showing the cursor's frame for the
	// first time would repaint nothing. The brand is text that is uploaded already.
	u.view.OnHover = func(int, int, bool) { canvas.Refresh(u.brand) }
	u.timeline = widgets.NewTimeline()
	u.timeline.OnSeek = func(at int) { w.stopPlaying(); w.seek(at) }
	u.timeline.OnPlay = func(on bool) { w.words.on = false; w.setPlaying(on) }
	u.words = widgets.NewStepScrubber()
	u.words.OnSeek = func(at int) { w.stopPlaying(); w.seekWord(at) }
	u.words.OnPlay = func(on bool) { w.words.on = true; w.setPlaying(on) }
	u.words.Hide()
	u.clearForced = widgets.NewButton("", widgets.Outline, w.clearForced)
	u.clearForced.Hide()

	label := widgets.NewSectionTitle("Overlay")
	u.tools = container.New(&toolRow{slider: u.alpha, chip: u.clearForced, optional: []fyne.CanvasObject{label, u.mapMenu}},
		u.modes, label, u.alpha, u.mapMenu, u.clearForced, u.sides)
	banners := vbox(theme.Gap, u.banner.Banner, u.notice.Banner)
	whole = container.New(&centreLayout{}, w.perView(w.cmp.either(u.tools, w.cmp.buildTools()), w.draw.buildTools(), w.robot.buildTools()), banners,
		w.perView(w.cmp.either(u.view, w.cmp.buildMaps()), w.draw.buildMiddle(), w.robot.buildMiddle()),
		w.perView(w.cmp.either(vbox(theme.Gap, u.timeline, u.words), w.cmp.buildLayers()), vbox(0), vbox(0)))
	return padded(theme.Inset, theme.Inset, side4, side4, whole)
}

func (w *window) buildRight() fyne.CanvasObject {
	u := &w.ui
	u.denseCard, u.prunedCard = widgets.NewAnswerCard("Dense", false), widgets.NewAnswerCard("Pruned", true)
	copied := func(string) { u.toast.Say("The answer is on the clipboard") }
	u.denseCard.OnCopy, u.prunedCard.OnCopy = copied, copied
	u.truth = widgets.NewNote("")
	u.truth.Hide()
	u.savings = widgets.NewSavingsPanel()
	u.column = vbox(theme.Gap, u.denseCard, u.prunedCard, u.truth,
		widgets.NewSectionTitle("What it saves"), u.savings,
		gap(), w.buildInspector())
	answers := w.cmp.either(container.NewVScroll(padded(theme.Inset, theme.Inset, side4, side4, u.column)), w.cmp.buildResults())
	return w.perView(answers, w.draw.buildResults(), w.robot.buildResults())
}

// gap is a little more room above a section.
func gap() fyne.CanvasObject {
	return canvas.NewRectangle(color.Transparent)
}
