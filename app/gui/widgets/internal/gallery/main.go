package main

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg"
	"image/png"
	"math"
	"os"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/test"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
	"winnow/pruning"
)

const side = 16

// benchmark is set where the system tells how much processor time was used.
var benchmark func(w fyne.Window, img image.Image)

func main() {
	light := flag.Bool("light", false, "show the light palette")
	page := flag.String("page", "ask", "the page to show: ask, inspect, compare, hints")
	shot := flag.String("png", "", "draw the page into this file, without a display, and end")
	states := flag.Bool("states", false, "show empty, busy and error states")
	bench := flag.Bool("bench", false, "time redraws of a picture view and end")
	file := flag.String("picture", "", "a picture to show instead of a painted one")
	width := flag.Int("width", 1440, "width of the window")
	height := flag.Int("height", 900, "height of the window")
	flag.Parse()

	mode := theme.Dark
	if *light {
		mode = theme.Light
	}
	var a fyne.App
	if *shot != "" {
		a = test.NewApp()
	} else {
		a = app.NewWithID("org.winnow.gallery")
	}
	a.Settings().SetTheme(theme.New(mode))
	w := a.NewWindow("gallery")
	w.SetPadded(false)
	w.Resize(fyne.NewSize(float32(*width), float32(*height)))
	img := painted()
	if *file != "" {
		var err error
		if img, err = open(*file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	switch {
	case *bench && benchmark == nil:
		fmt.Fprintln(os.Stderr, "this system does not tell the processor time of a process; run -bench on a Unix")
		os.Exit(1)
	case *bench:
		benchmark(w, img)
	case *states:
		w.SetContent(statesPage(img))
	case *page == "inspect":
		w.SetContent(inspectPage())
	case *page == "compare":
		w.SetContent(comparePage(img))
	case *page == "hints":
		w.SetContent(hintsPage())
	default:
		w.SetContent(askPage(img))
	}
	if *shot != "" {
		if err := save(w, *shot); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	w.ShowAndRun()
}

// save draws a window as it is into a PNG.
func save(w fyne.Window, name string) error {
	for _, h := range hovers {
		h()
	}
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := png.Encode(out, w.Canvas().Capture()); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func open(name string) (image.Image, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	return img, err
}

// painted is a picture of our own: a wide gradient with two discs.
func painted() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 960, 672))
	for y := range 672 {
		for x := range 960 {
			c := color.RGBA{uint8(60 + x/6), uint8(190 - y/5), uint8(120 + y/6), 255}
			for _, d := range [][3]float64{{360, 300, 110}, {640, 420, 90}} {
				if math.Hypot(float64(x)-d[0], float64(y)-d[1]) < d[2] {
					c = color.RGBA{240, 225, 205, 255}
				}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// sample is a mask and the overlay that darkens what is not in it.
func sample(n, seed int) ([]bool, *image.RGBA) {
	mask := make([]bool, n*n)
	over := image.NewRGBA(image.Rect(0, 0, n, n))
	for i := range mask {
		x, y := float64(i%n), float64(i/n)
		near := math.Hypot(x-float64(n)*0.38, y-float64(n)*0.45) < float64(n)*0.17 || math.Hypot(x-float64(n)*0.72, y-float64(n)*0.62) < float64(n)*0.12
		mask[i] = near || (i*2654435761+seed*40503)%97 < 8
		if !mask[i] {
			over.SetRGBA(i%n, i/n, color.RGBA{0, 0, 0, 168})
		}
	}
	return mask, over
}

func fill(p *widgets.PictureView, img image.Image) {
	b := img.Bounds()
	short := min(b.Dx(), b.Dy())
	x, y := float64(b.Dx()-short)/2, float64(b.Dy()-short)/2
	mask, over := sample(side, 1)
	p.SetPicture(img)
	p.SetGrid(trace.Box{X0: x, Y0: y, X1: x + float64(short), Y1: y + float64(short)}, side, side)
	p.SetOverlay(over)
	p.SetKept(mask)
	p.Tooltip = func(row, col int) []string {
		if mask[row*side+col] {
			return []string{fmt.Sprintf("row %d, column %d", row, col), "match 183 of 204, rank 4", "kept: above τ = 121"}
		}
		return []string{fmt.Sprintf("row %d, column %d", row, col), "match 88 of 204, rank 140", "dropped after layer 2: below τ = 121"}
	}
}

func f(v float64) *float64 { return &v }

func card() *widgets.MethodCard {
	m := widgets.NewMethodCard(widgets.MethodCardOptions{
		Name: "corematching", Title: "CoreMatching", Provenance: "authors' code",
		Removes: "visual tokens after an early layer; FFN neurons while decoding",
		Params: []pruning.Param{
			{Name: "mode", Type: "choice", Default: "paper", Choices: []string{"paper", "release"}, Help: "the paper's rule or the released code's"},
			{Name: "beta", Type: "float", Default: "0.4", Min: f(0), Max: f(1), Help: "share of neurons kept in decoding"},
			{Name: "rho", Type: "float", Default: "0.2", Min: f(0), Max: f(1), Help: "activation quota"},
			{Name: "layer", Type: "int", Default: "2", Min: f(1), Max: f(6), Unit: "layers", Help: "decide after this many layers"},
			{Name: "exact", Type: "bool", Default: "true", Help: "ties go to the lower position"},
		},
		Labels: map[string]string{"mode": "Rule", "beta": "Neurons kept, β", "rho": "Activation quota, ρ", "layer": "Decide after layer"},
	})
	m.OnRemove, m.OnMoveUp, m.OnMoveDown = func() {}, func() {}, func() {}
	return m
}

func words(s, marked string) []widgets.AnswerWord {
	var out []widgets.AnswerWord
	for _, w := range strings.SplitAfter(s, " ") {
		out = append(out, widgets.AnswerWord{Text: w, Differs: marked != "" && strings.Contains(w, marked)})
	}
	return out
}

func column(width float32, objects ...fyne.CanvasObject) fyne.CanvasObject {
	pad := canvas.NewRectangle(color.Transparent)
	pad.SetMinSize(fyne.NewSize(width, 0))
	box := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), objects...)
	return container.NewStack(pad, container.NewVScroll(container.New(layout.NewCustomPaddedLayout(12, 12, 16, 16), box)))
}

func blocks() []widgets.LayerBlock {
	var out []widgets.LayerBlock
	for i := range 6 {
		n := 256
		if i >= 2 {
			n = 41
		}
		out = append(out, widgets.LayerBlock{Label: fmt.Sprintf("layer %d", i), N: n, Of: 256, Decided: i == 2})
	}
	return out
}

func askPage(img image.Image) fyne.CanvasObject {
	p := widgets.NewPictureView()
	fill(p, img)
	t := widgets.NewTimeline()
	t.SetLayers(blocks())
	t.SetPosition(2)
	t.OnPlay = t.SetPlaying
	bar := widgets.NewStatusBar()
	bar.SetItems("Done in 0.31 s", "Seed 7", "Peak memory 58 MB")
	bar.SetHints("Space play", "←→ layer", "click a cell to force it in or out", "Ctrl+Z undo")
	alpha := widgets.NewSlider(0, 1, 0.01)
	alpha.SetValue(0.7)
	alpha.OnChanged = func(v float64) { p.SetAlpha(v) }
	p.SetAlpha(1)
	tools := container.NewHBox(widgets.NewSegmented([]string{"Kept", "Score", "Rank"}, nil), widgets.NewNote(""), widgets.NewSectionTitle("Overlay"), alpha,
		layout.NewSpacer(), widgets.NewButton("A | B", widgets.Outline, nil))
	toast := widgets.NewToast()
	centre := container.New(layout.NewCustomPaddedLayout(12, 12, 16, 16), container.NewBorder(tools, t, nil, nil, container.New(layout.NewCustomPaddedLayout(12, 12, 0, 0), p)))

	second := widgets.NewMethodCard(widgets.MethodCardOptions{Name: "fastv", Title: "FastV", Provenance: "paper", Removes: "visual tokens that the last query attends to least",
		Params: []pruning.Param{{Name: "keep", Type: "float", Default: "0.5", Min: f(0), Max: f(1), Help: "share kept"}}})
	second.SetOn(false)
	second.OnRemove = func() {}
	banner := widgets.NewBanner()
	banner.Notice("The built-in model knows 60 nouns on painted scenes; outside of them it is wrong with confidence.", widgets.Action{Label: "Open a checkpoint"})
	left := column(288, widgets.NewSectionTitle("Methods, in the order they act"), card(), second,
		widgets.NewButton("+ Add a method", widgets.Outline, nil),
		widgets.NewButton("Ask", widgets.Primary, func() { toast.Say("copied the answer") }))
	dense, pruned := widgets.NewAnswerCard("Dense", false), widgets.NewAnswerCard("Pruned", true)
	dense.SetWords(words("There are two sheep on the grass, and a red clock above them.", "red"))
	dense.SetStats("256 tokens · 61 ms to first token · 212 tokens/s")
	dense.SetState(widgets.AnswerDone, "")
	pruned.SetWords(words("There are two sheep on the grass, and a round clock above", "round"))
	pruned.SetStats("41 tokens · 34 ms to first token · 298 tokens/s")
	pruned.SetState(widgets.AnswerStreaming, "")
	save := widgets.NewSavingsPanel()
	save.SetHeadline(widgets.Headline{Text: "1.8× sooner with 38 % of the arithmetic", Measured: 0.56, Counted: 0.38})
	save.SetRows([]widgets.SavingsRow{
		{Label: "First token", Basis: widgets.Measured, Text: "1.8× sooner", Fraction: 0.56, Better: true},
		{Label: "Decode", Basis: widgets.Measured, Text: "0.9× slower", Fraction: 1.08},
		{Label: "Arithmetic", Basis: widgets.Counted, Text: "38 %", Fraction: 0.38, Better: true},
		{Label: "KV cache", Basis: widgets.Counted, Text: "72 of 401 kB", Fraction: 0.18, Better: true},
	})
	curve := widgets.NewCurveView()
	curve.SetCurve(sampleCurve())
	strip := widgets.NewNeuronStrip()
	strip.SetRows(sampleNeurons(6, 512))
	right := column(372, dense, pruned, widgets.NewSectionTitle("What it saves"), save,
		widgets.NewSectionTitle("Match of each visual token with the core neurons, layer 2"), curve,
		widgets.NewSectionTitle("FFN neurons, 512 a layer; core set lit"), strip)
	return container.NewStack(container.NewBorder(container.NewPadded(banner), bar, left, right, centre), toast)
}

func sampleCurve() widgets.Curve {
	s := make([]float32, 256)
	for i := range s {
		s[i] = float32(40 + 164*math.Exp(-float64(i)/30) + 20*(1-float64(i)/256))
	}
	return widgets.Curve{Scores: s, Kept: 41, Chord: true, Label: "elbow: 41 kept", Unit: "match", Elbow: 41, Distance: "d = 83"}
}

func sampleNeurons(layers, n int) []widgets.NeuronRow {
	var rows []widgets.NeuronRow
	for l := range layers {
		var lit []int
		for i := range n {
			if (i*2654435761+l*97561)%101 < 38 {
				lit = append(lit, i)
			}
		}
		rows = append(rows, widgets.NeuronRow{Label: fmt.Sprint(l), N: n, Lit: lit})
	}
	rows[0].Dense = true
	return rows
}

func statesPage(img image.Image) fyne.CanvasObject {
	empty, busy, failed, plain := widgets.NewPictureView(), widgets.NewPictureView(), widgets.NewPictureView(), widgets.NewPictureView()
	empty.Empty("Drop a picture anywhere", "JPEG, PNG, WebP, GIF, BMP or TIFF, up to 100 megapixels. Or paste one, or choose it.", widgets.Action{Label: "Open a picture", Primary: true}, widgets.Action{Label: "Try a sample"})
	fill(busy, img)
	busy.Busy("Encoding the picture")
	failed.Error("The picture could not be read", "farm-3.jpg ends after 12 of 672 rows: the file is cut short", "Copy it again from where it came, or choose another one.", widgets.Action{Label: "Choose another picture"})
	fill(plain, img)
	plain.SetGrid(trace.Box{X0: 0, Y0: -144, X1: 960, Y1: 816}, side, side)
	pictures := container.NewGridWithColumns(2, empty, busy, failed, plain)
	bad := card()
	bad.SetError("CoreMatching and Random both drop visual tokens in layer 2 of prefill; remove one of them")
	on := widgets.NewBanner()
	on.Error("model.gguf gives 1152-wide features, the model takes 2048: they are not a pair; choose the mmproj that came with it", widgets.Action{Label: "Choose mmproj"})
	long := widgets.NewTimeline()
	var many []widgets.LayerBlock
	for i := range 32 {
		many = append(many, widgets.LayerBlock{Label: fmt.Sprintf("layer %d", i), N: 576 - 17*i, Of: 576, Decided: i%7 == 3})
	}
	long.SetLayers(many)
	long.SetPosition(9)
	a, b, c := widgets.NewAnswerCard("Dense", false), widgets.NewAnswerCard("Pruned", true), widgets.NewAnswerCard("Pruned", true)
	a.SetState(widgets.AnswerEmpty, "Ask something about the picture; the dense answer appears here.")
	b.SetState(widgets.AnswerWaiting, "Waits for the dense answer.")
	c.SetWords(words("Two sheep stand", ""))
	c.SetState(widgets.AnswerCancelled, "Cancelled after 3 words.")
	d := widgets.NewAnswerCard("Pruned", true)
	d.SetState(widgets.AnswerError, "the device vulkan:0 disappeared; choose another device and ask again")
	wide := widgets.NewNeuronStrip()
	wide.SetRows(sampleNeurons(32, 11008))
	return container.NewBorder(container.NewPadded(on), nil, column(288, bad), column(372, a, b, c, d, widgets.NewSavingsPanel(), widgets.NewCurveView(), wide),
		container.NewBorder(nil, container.NewPadded(long), nil, nil, container.NewPadded(pictures)))
}
