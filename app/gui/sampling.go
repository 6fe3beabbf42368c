package gui

import (
	"fmt"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"winnow/app/gui/theme"
	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

// samplingControls set how words are chosen.
type samplingControls struct {
	box         fyne.CanvasObject
	temperature *valueSlider
	topP        *valueSlider
	seed, limit *widget.Entry
	refusal     *widgets.Note
	changed     func(trace.Sampling)
	value       trace.Sampling
	// setting is true while set writes, whose changes are no edits.
	setting bool
}

func newSamplingControls(changed func(trace.Sampling)) *samplingControls {
	c := &samplingControls{changed: changed}
	c.temperature = newValueSlider("Temperature", 0, maxTemperature, 0.05, func(v float64) string {
		if v == 0 {
			return "greedy"
		}
		return fmt.Sprintf("%.2f", v)
	}, func(v float64) { c.value.Temperature = v; c.edited() })
	c.topP = newValueSlider("Top-p", 0, 1, 0.01, func(v float64) string {
		if v == 0 || v == 1 {
			return "all"
		}
		return fmt.Sprintf("%.2f", v)
	}, func(v float64) { c.value.TopP = v; c.edited() })
	c.seed, c.limit = widget.NewEntry(), widget.NewEntry()
	c.refusal = widgets.NewNote("")
	c.refusal.Hide()
	c.seed.OnChanged = func(s string) {
		v, err := seedOf(s)
		if c.refuse(err); err == nil {
			c.value.Seed = v
			c.edited()
		}
	}
	c.limit.OnChanged = func(s string) {
		v, err := limitOf(s)
		if c.refuse(err); err == nil {
			c.value.MaxTokens = v
			c.edited()
		}
	}
	c.box = widgets.NewPanel(vbox(theme.Gap, c.temperature.box, c.topP.box,
		container.NewGridWithColumns(2,
			vbox(theme.Step, widgets.NewNote("Seed"), c.seed),
			vbox(theme.Step, widgets.NewNote("Most tokens"), c.limit)),
		c.refusal))
	return c
}

// refuse says what is wrong with a number that was typed; the last good one stays in force.
func (c *samplingControls) refuse(err error) {
	if err == nil {
		c.refusal.Hide()
		return
	}
	c.refusal.SetText(capital(err.Error()) + ".")
	c.refusal.Show()
}

func seedOf(s string) (uint64, error) {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the seed is a whole number from 0 on")
	}
	return v, nil
}

func limitOf(s string) (int, error) {
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 || v > maxTokens {
		return 0, fmt.Errorf("an answer has 1 to %d tokens", maxTokens)
	}
	return v, nil
}

func (c *samplingControls) edited() {
	if !c.setting {
		c.changed(c.value)
	}
}

// set shows values without calling changed.
func (c *samplingControls) set(s trace.Sampling) {
	c.setting = true
	defer func() { c.setting = false }()
	c.value = s
	c.temperature.set(s.Temperature)
	c.topP.set(s.TopP)
	// Only what differs: setting the text of an entry moves its cursor.
	if v, err := seedOf(c.seed.Text); err != nil || v != s.Seed {
		c.seed.SetText(strconv.FormatUint(s.Seed, 10))
	}
	if v, err := limitOf(c.limit.Text); err != nil || v != s.MaxTokens {
		c.limit.SetText(strconv.Itoa(s.MaxTokens))
	}
}

// valueSlider is a slider with its name and value above it.
type valueSlider struct {
	box    fyne.CanvasObject
	slider *widgets.Slider
	text   *widgets.MonoLabel
	format func(float64) string
}

func newValueSlider(label string, lo, hi, step float64, format func(float64) string, changed func(float64)) *valueSlider {
	v := &valueSlider{slider: widgets.NewSlider(lo, hi, step), text: widgets.NewMonoLabel(format(lo)), format: format}
	v.slider.OnChanged = func(x float64) {
		v.text.SetText(format(x))
		changed(x)
	}
	v.box = vbox(theme.Step, container.NewBorder(nil, nil, newCaption(label), v.text), v.slider)
	return v
}

func (v *valueSlider) set(x float64) {
	v.slider.SetValue(x)
	v.text.SetText(v.format(v.slider.Value()))
}

// sampled takes an edit of the controls.
func (w *window) sampled(s trace.Sampling) {
	w.form.Sampling = s
	w.ui.samplingLine.set("Sampling: "+samplingText(s), w.look.Sampling)
	w.remember()
}

func (w *window) foldSampling() {
	w.look.Sampling = !w.look.Sampling
	w.showSampling()
	w.remember()
}

func (w *window) showSampling() {
	w.ui.samplingLine.set("Sampling: "+samplingText(w.form.Sampling), w.look.Sampling)
	w.ui.sampling.set(w.form.Sampling)
	if w.look.Sampling {
		w.ui.samplingBox.Show()
	} else {
		w.ui.samplingBox.Hide()
	}
}
