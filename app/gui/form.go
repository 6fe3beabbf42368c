package gui

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"winnow/internal/trace"
	"winnow/pruning"
)

// stage is a method in the stack.
type stage struct {
	Name string `json:"name"`
	// Off leaves it in the stack but out of the next run.
	Off bool `json:"off,omitempty"`
	// Params holds values by name; one that is missing has its default.
	Params map[string]string `json:"params,omitempty"`
}

// form is what the person has chosen, and what is remembered from one start to the next.
type form struct {
	Model    string         `json:"model"`
	Device   string         `json:"device"`
	Threads  int            `json:"threads"`
	Question string         `json:"question"`
	Methods  []stage        `json:"methods"`
	Sampling trace.Sampling `json:"sampling"`
	// Force lists the visual tokens decided on by hand. It belongs to the picture and is not
	// remembered.
	Force []forced `json:"-"`
}

// defaultForm starts with the method that Winnow is about where it is registered. An empty model
// stands for the first built-in one.
func defaultForm() form {
	f := form{Device: "auto", Sampling: trace.Sampling{Seed: 7, MaxTokens: 64}}
	for _, i := range pruning.Answering() {
		if i.Provenance != pruning.Baseline {
			f.Methods = append(f.Methods, stage{Name: i.Name})
			break
		}
	}
	return f
}

// parseForm reads what was remembered; what is unknown or no longer allowed falls back to the
// default, so that an old setting never keeps the window from opening.
func parseForm(text string) form {
	f := defaultForm()
	if text == "" {
		return f
	}
	var got form
	if json.Unmarshal([]byte(text), &got) != nil {
		return f
	}
	got.Methods = known(got.Methods)
	if got.Device == "" {
		got.Device = f.Device
	}
	got.Threads = min(max(got.Threads, 0), maxThreads)
	s := &got.Sampling
	if !(s.Temperature >= 0 && s.Temperature <= maxTemperature) {
		s.Temperature = 0
	}
	if !(s.TopP >= 0 && s.TopP <= 1) {
		s.TopP = 0
	}
	if s.MaxTokens < 1 || s.MaxTokens > maxTokens {
		s.MaxTokens = f.Sampling.MaxTokens
	}
	return got
}

// Bounds of the controls.
const (
	maxThreads     = 256
	maxTemperature = 2
	maxTokens      = 4096
)

// known leaves out what does not serve answers, and values that declarations refuse.
func known(stages []stage) []stage { return knownOf(pruning.Answering(), stages) }

// knownOf leaves out methods that are not among some, and values that their declarations refuse.
func knownOf(infos []pruning.Info, stages []stage) []stage {
	out := []stage{}
	for _, s := range stages {
		params := pruning.Params(s.Name)
		if !slices.ContainsFunc(infos, func(i pruning.Info) bool { return i.Name == s.Name }) {
			continue
		}
		keep := map[string]string{}
		for _, p := range params {
			if v, ok := s.Params[p.Name]; ok {
				if _, err := p.Check(s.Name, v); err == nil {
					keep[p.Name] = v
				}
			}
		}
		out = append(out, stage{s.Name, s.Off, keep})
	}
	return out
}

func registered(name string) bool {
	return slices.ContainsFunc(pruning.Answering(), func(i pruning.Info) bool { return i.Name == name })
}

// specs are the methods that take part, with the parameters that differ from their defaults.
func specs(stages []stage) []trace.Spec {
	var out []trace.Spec
	for _, s := range stages {
		if s.Off {
			continue
		}
		spec := trace.Spec{Name: s.Name}
		for _, p := range pruning.Params(s.Name) {
			if v, ok := s.Params[p.Name]; ok && v != p.Default {
				if spec.Params == nil {
					spec.Params = map[string]string{}
				}
				spec.Params[p.Name] = v
			}
		}
		out = append(out, spec)
	}
	return out
}

// stagesOf is the stack of a request that was recorded.
func stagesOf(specs []trace.Spec) []stage {
	out := []stage{}
	for _, s := range specs {
		out = append(out, stage{Name: s.Name, Params: maps.Clone(s.Params)})
	}
	return known(out)
}

func cloneStages(stages []stage) []stage {
	out := slices.Clone(stages)
	for i := range out {
		out[i].Params = maps.Clone(out[i].Params)
	}
	return out
}

func sameStages(a, b []stage) bool {
	return slices.EqualFunc(a, b, func(x, y stage) bool {
		return x.Name == y.Name && x.Off == y.Off && maps.Equal(x.Params, y.Params)
	})
}

// request is the run that the form asks for. in is nil for a question without a picture.
func (f form) request(in *input) trace.Request {
	r := trace.Request{
		Model: f.Model, Messages: []trace.Message{{Role: "user", Text: f.Question}},
		Methods: specs(f.Methods), Force: forceOf(f.Force), Sampling: f.Sampling, Device: f.Device, Threads: f.Threads,
	}
	if in != nil {
		r.PictureName = in.Name
		if in.Path != "" {
			r.Picture = in.Path
		} else {
			r.PictureData = in.Data
		}
	}
	return r
}

// samplingText sums up how words are chosen.
func samplingText(s trace.Sampling) string {
	how := "greedy"
	if s.Temperature > 0 {
		how = fmt.Sprintf("temperature %.2g", s.Temperature)
		if s.TopP > 0 && s.TopP < 1 {
			how += fmt.Sprintf(", top-p %.2g", s.TopP)
		}
		how += fmt.Sprintf(", seed %d", s.Seed)
	}
	return fmt.Sprintf("%s, up to %d tokens", how, s.MaxTokens)
}
