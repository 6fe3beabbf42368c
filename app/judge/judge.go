package judge

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"

	builtin "winnow/assets/models"
	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/trace"
	"winnow/vision/picture"
	"winnow/vlm"
)

// Judge answers questions about a picture.
type Judge interface {
	Answer(ctx context.Context, img *image.RGBA, questions []string) ([]string, error)
	// Name says who answers.
	Name() string
}

// Look asks a judge about a picture: the facts come back answered.
func Look(ctx context.Context, j Judge, img *image.RGBA, facts []trace.Fact) ([]trace.Fact, error) {
	questions := make([]string, len(facts))
	for i, f := range facts {
		questions[i] = f.Question
	}
	answers, err := j.Answer(ctx, img, questions)
	if err != nil {
		return nil, err
	}
	if len(answers) != len(facts) {
		return nil, fmt.Errorf("%s gave %d answers to %d questions about a drawing", j.Name(), len(answers), len(facts))
	}
	out := slices.Clone(facts)
	for i := range out {
		out[i].Answer = strings.Trim(answers[i], " .\n")
		out[i].Right = strings.EqualFold(out[i].Answer, out[i].Asked)
	}
	return out, nil
}

// VLM is the built-in one, dense.
type VLM struct {
	model   *vlm.Model
	session *vlm.Session
	backend compute.Backend
	title   string
}

// Open loads the built-in VLM onto a device ("" and "auto" choose one) with so many threads, 0 for all
// cores. Close frees it.
func Open(on string, threads int) (*VLM, error) {
	b, ok := builtin.Find("")
	if !ok {
		return nil, errors.New("no model that sees ships with this winnow, so nobody can look at the drawing")
	}
	var files vlm.Files
	var err error
	if files.Decoder, err = checkpoint.OpenBytes(b.DecoderName, b.Decoder); err == nil {
		files.Projector, err = checkpoint.OpenBytes(b.ProjectorName, b.Projector)
	}
	if err != nil {
		files.Close()
		return nil, err
	}
	backend, _, err := device.Open(on, threads)
	if err != nil {
		files.Close()
		return nil, err
	}
	m, err := vlm.Load(files, backend)
	if err != nil { // Load closed the files
		backend.Close()
		return nil, err
	}
	return &VLM{m, m.NewSession(compute.F16), backend, b.Title}, nil
}

// Close frees the model and its device.
func (v *VLM) Close() {
	v.session.Close()
	v.model.Close()
	v.backend.Close()
}

// Name is the model's title.
func (v *VLM) Name() string { return v.title }

// maxFact bounds an answer to a fact, in tokens.
const maxFact = 16

// Answer implements Judge. The encoder enlarges the picture to its own size, once for all questions.
func (v *VLM) Answer(ctx context.Context, img *image.RGBA, questions []string) ([]string, error) {
	pic, err := v.model.Encode(ctx, &picture.Picture{Image: img, Width: img.Rect.Dx(), Height: img.Rect.Dy(), Format: "PNG", Name: "drawing", Orientation: 1})
	if err != nil {
		return nil, fmt.Errorf("%s cannot look at a drawing: %w", v.title, err)
	}
	var out []string
	for _, q := range questions {
		prompt, err := v.model.Prompt([]trace.Message{{Role: "user", Text: q}}, pic)
		if err != nil {
			return nil, err
		}
		v.session.Reset()
		done, err := v.session.Generate(ctx, prompt, nil, trace.Sampling{TopP: 1, MaxTokens: maxFact}, trace.Dense, func(trace.Event) {})
		if err != nil {
			return nil, err
		}
		out = append(out, done.Answer)
	}
	return out, nil
}
