package gui

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"winnow/diffusion/solver"
	"winnow/internal/trace"
	"winnow/pruning"
)

// sketchForm is what the Draw view asks for and how it shows it; it is remembered.
type sketchForm struct {
	// Model is a built-in name or a folder in diffusers' layout; empty stands for the first
	// built-in one. Folders were chosen before, the last one first.
	Model   string   `json:"model"`
	Folders []string `json:"folders,omitempty"`
	Prompt  string   `json:"prompt"`

	Solver   string  `json:"solver"`
	Steps    int     `json:"steps"`
	Guidance float64 `json:"guidance"`
	Seed     uint64  `json:"seed"`
	// Size of the picture in pixels, 0 what the model was trained for; only an opened run sets it.
	Size    int     `json:"-"`
	Methods []stage `json:"methods"`

	// Show is how the pictures are compared, an index of showNames by name; Split is where the
	// slider stands.
	Show  string  `json:"show"`
	Split float64 `json:"split"`
}

// The ways to look at the two pictures.
const (
	showBoth       = "side by side"
	showSlider     = "slider"
	showDifference = "difference"
	showUnstable   = "unstable"
)

// showNames lists them as the control over the pictures does.
var showNames = []string{showBoth, showSlider, showDifference, showUnstable}

// Bounds of the controls; a run that was opened may lie above the sliders'.
const (
	leastSteps, mostSteps = 5, 100
	mostGuidance          = 12
	topGuidance           = 100
	maxFolders            = 6
)

// defaultSketch draws as `winnow draw --method sada` does.
func defaultSketch() sketchForm {
	f := sketchForm{Solver: "dpm++2m", Steps: 50, Guidance: 3, Show: showBoth, Split: 0.5}
	for _, i := range denoising() {
		if i.Provenance != pruning.Baseline {
			f.Methods = append(f.Methods, stage{Name: i.Name})
			break
		}
	}
	return f
}

// denoising lists the methods that serve drawings.
func denoising() []pruning.Info {
	return slices.DeleteFunc(pruning.Infos(), func(i pruning.Info) bool { return !i.Denoises() })
}

// parseSketch reads what was remembered; what is unknown falls back to the default.
func parseSketch(text string) sketchForm {
	f := defaultSketch()
	if text == "" {
		return f
	}
	got := f
	got.Methods = nil
	if json.Unmarshal([]byte(text), &got) != nil {
		return f
	}
	got.Methods = knownOf(denoising(), got.Methods)
	return got.within(f)
}

// within replaces what is out of bounds by what f has.
func (s sketchForm) within(f sketchForm) sketchForm {
	if !slices.Contains(solver.Names(), s.Solver) {
		s.Solver = f.Solver
	}
	if s.Steps < 1 || s.Steps > trace.MaxDrawSteps {
		s.Steps = f.Steps
	}
	if !(s.Guidance >= 1 && s.Guidance <= topGuidance) {
		s.Guidance = f.Guidance
	}
	if !slices.Contains(showNames, s.Show) {
		s.Show = f.Show
	}
	if !(s.Split >= 0 && s.Split <= 1) {
		s.Split = f.Split
	}
	return s
}

func (s sketchForm) clone() sketchForm {
	s.Methods = cloneStages(s.Methods)
	s.Folders = slices.Clone(s.Folders)
	return s
}

// same reports whether two forms draw the same way; the prompt has an undo of its own.
func (s sketchForm) same(as sketchForm) bool {
	return s.Solver == as.Solver && s.Steps == as.Steps && s.Guidance == as.Guidance && s.Seed == as.Seed &&
		s.Size == as.Size && sameStages(s.Methods, as.Methods)
}

// request is the drawing that the form asks for, on the device chosen for all views.
func (s sketchForm) request(device string, threads int) trace.Request {
	return trace.Request{
		Model: s.Model, Device: device, Threads: threads, Methods: specs(s.Methods),
		Draw: &trace.Draw{Prompt: s.Prompt, Seed: s.Seed, Steps: s.Steps, Solver: s.Solver, Guidance: s.Guidance, Size: s.Size},
	}
}

// of takes over what a recorded request drew with; the model stays.
func (s sketchForm) of(r trace.Request) sketchForm {
	d := r.Draw
	s.Prompt, s.Seed, s.Steps, s.Solver, s.Guidance, s.Size = d.Prompt, d.Seed, d.Steps, d.Solver, d.Guidance, max(d.Size, 0)
	s.Methods = []stage{}
	if stacks := r.Stacks(); len(stacks) > 0 {
		for _, m := range stacks[0].Methods {
			s.Methods = append(s.Methods, stage{Name: m.Name, Params: maps.Clone(m.Params)})
		}
		s.Methods = knownOf(denoising(), s.Methods)
	}
	return s.within(defaultSketch())
}

// folder notes a folder that was chosen.
func (s *sketchForm) folder(path string) {
	s.Folders = slices.DeleteFunc(slices.Clone(s.Folders), func(p string) bool { return p == path })
	s.Folders = slices.Insert(s.Folders, 0, path)
	s.Folders = s.Folders[:min(len(s.Folders), maxFolders)]
}

// solverTitles name the solvers as people do.
var solverTitles = map[string]string{
	"flow-euler": "Flow Euler", "ddim": "DDIM", "euler": "Euler", "euler-karras": "Euler, Karras",
	"dpm++2m": "DPM-Solver++ 2M", "dpm++2m-karras": "DPM-Solver++ 2M, Karras", "dpm++3m": "DPM-Solver++ 3M", "unipc": "UniPC",
}

func solverTitle(name string) string {
	if t, ok := solverTitles[name]; ok {
		return t
	}
	return name
}

// stackTitle names methods that act together: SADA + Step cache.
func specsTitle(methods []trace.Spec) string {
	var names []string
	for _, m := range methods {
		names = append(names, infoOf(m.Name).Title)
	}
	return strings.Join(names, " + ")
}

// guidanceStep rounds what the slider says.
func guidanceStep(v float64) float64 { return math.Round(10*v) / 10 }
