package engine

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	builtin "winnow/assets/models"
	"winnow/diffusion"
	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
)

// drawingModels lists what is inside the program, the default first.
var drawingModels = builtin.Drawings()

// opener makes a painter on a device.
type opener func(compute.Backend) (painter, error)

// resolveDrawing finds a model that draws: built in, or a folder.
func resolveDrawing(name string) (opener, error) {
	if m, ok := findDrawing(name); ok {
		return func(b compute.Backend) (painter, error) { return openFS(m.Files, m.Name, b) }, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\`):
		var known []string
		for _, m := range drawingModels {
			known = append(known, m.Name)
		}
		return nil, fmt.Errorf("there is no model %q that draws, and no such folder; choose %s, or a folder in diffusers' layout, such as `make draw-model` writes to out/draw/draw-8.9m", name,
			strings.Join(known, ", "))
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no folder %s; check the path", name)
	case err != nil:
		return nil, fmt.Errorf("the folder %s cannot be read: %w", name, err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is a file; a model that draws is a folder in diffusers' layout, with transformer and text_encoder in it", name)
	}
	if part, err := os.Stat(filepath.Join(name, "transformer")); err != nil || !part.IsDir() {
		return nil, fmt.Errorf("%s has no folder transformer, the denoiser; choose a folder in diffusers' layout with a PixArt denoiser and CLIP's text encoder", name)
	}
	return func(b compute.Backend) (painter, error) { return openFolder(name, b) }, nil
}

func findDrawing(name string) (builtin.Drawing, bool) {
	for _, m := range drawingModels {
		if name == "" || m.Name == name {
			return m, true
		}
	}
	return builtin.Drawing{}, false
}

// drawingName is what a trace calls the model.
func drawingName(name string) string {
	if m, ok := findDrawing(name); ok {
		return m.Title
	}
	if whole, err := filepath.Abs(name); err == nil {
		return filepath.Base(whole) // of "." too
	}
	return filepath.Base(name)
}

// diffuser is a diffusion.Model as the engine runs it.
type diffuser struct{ *diffusion.Model }

func openFolder(dir string, b compute.Backend) (painter, error) {
	m, err := diffusion.Load(dir, b)
	if err != nil {
		return nil, err // not a painter without a model in it
	}
	return diffuser{m}, nil
}

func openFS(f fs.FS, name string, b compute.Backend) (painter, error) {
	m, err := diffusion.LoadFS(f, name, b)
	if err != nil {
		return nil, err
	}
	return diffuser{m}, nil
}

func (d diffuser) Begin(ctx context.Context, r trace.Draw) (easel, trace.Drawing, error) {
	g, e, err := d.Model.Begin(ctx, r)
	if err != nil {
		return nil, e, err
	}
	return sketch{g}, e, nil
}

type sketch struct{ *diffusion.Drawing }

func (s sketch) Run(ctx context.Context, methods []pruning.Stacked, side string, emit func(trace.Event)) (*image.RGBA, trace.Drawn, error) {
	p, d, err := s.Drawing.Run(ctx, methods, side, emit)
	if err != nil {
		return nil, d, err
	}
	return p.Image, d, nil
}
