package engine

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"time"

	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vision/quality"
)

// painter is a model that draws: package diffusion's, and tests have their own.
type painter interface {
	Describe(name string) trace.Model
	// Pruning is what methods are told of the model.
	Pruning(d trace.Draw) pruning.Model
	// Admit says why a drawing, or its methods, cannot be.
	Admit(d trace.Draw, methods []pruning.Stacked) error
	// Begin readies what all sides of a drawing share, and warms up, so that no measured side pays
	// for what a first run pays.
	Begin(ctx context.Context, d trace.Draw) (easel, trace.Drawing, error)
	Close() error
}

// easel draws the sides of one request.
type easel interface {
	// Run emits SideStarted and Denoised. When ctx ends there is no picture, and Drawn says so.
	Run(ctx context.Context, methods []pruning.Stacked, side string, emit func(trace.Event)) (*image.RGBA, trace.Drawn, error)
	Close()
}

// loadPainter readies the request's model that draws; what answered leaves the memory.
func (l *Local) loadPainter(r trace.Request) error {
	key := modelKey{r.Model, r.Projector, r.Device, r.Threads}
	if l.painter != nil && l.key == key {
		l.loadMS = 0
		return nil
	}
	started := time.Now()
	l.unload()
	open, err := l.drawing(r.Model)
	if err != nil {
		return err
	}
	if l.backend, l.notice, err = l.open(r.Device, r.Threads); err != nil {
		return err
	}
	if l.painter, err = open(l.backend); err != nil {
		l.painter = nil
		l.unload()
		return err
	}
	l.key, l.loadMS = key, since(started)
	return nil
}

// draw runs a request that asks for a picture.
func (l *Local) draw(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	switch {
	case r.Sweep != nil:
		return errors.New("a drawing has no sweep; compare a few values of the parameter as stacks of their own")
	case len(r.Force) > 0:
		return errors.New("tokens cannot be forced by hand in a drawing; leave them to the method")
	case r.Draw.Steps < 1 || r.Draw.Steps > trace.MaxDrawSteps:
		return fmt.Errorf("the drawing has %d steps; it takes a number from 1 to %d", r.Draw.Steps, trace.MaxDrawSteps)
	}
	if err := l.loadPainter(r); err != nil {
		return err
	}
	d := *r.Draw
	if err := l.painter.Admit(d, nil); err != nil {
		return err
	}
	plan, err := newPlan(r, l.painter.Pruning(d))
	if err != nil {
		return err
	}
	for _, methods := range plan.sides {
		if err := l.painter.Admit(d, methods); err != nil {
			return err
		}
	}
	m := l.painter.Describe(drawingName(r.Model))
	m.LoadMS = l.loadMS
	emit(m)
	if l.notice != "" {
		emit(trace.Notice{Text: l.notice})
	}
	shown, err := l.paint(ctx, d, plan, emit)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, compute.ErrCancelled) {
			l.unload() // as in run
		}
		return err
	}
	return look(ctx, r, shown, emit)
}

// finished is a side's picture.
type finished struct {
	side string
	img  *image.RGBA
}

// paint draws the sides, all from the same noise.
func (l *Local) paint(ctx context.Context, d trace.Draw, p *plan, emit func(trace.Event)) ([]finished, error) {
	e, drawing, err := l.painter.Begin(ctx, d)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	emit(drawing)
	if drawing.Cut > 0 {
		emit(trace.Notice{Text: fmt.Sprintf("the text encoder reads %d tokens; the last %d of the prompt were left out", len(drawing.Words), drawing.Cut)})
	}
	dense, err := paintSide(ctx, e, nil, trace.Dense, nil, emit)
	shown := []finished{{trace.Dense, dense}}
	for i := 0; err == nil && i < len(p.sides); i++ {
		one := finished{side: trace.SideName(i)}
		one.img, err = paintSide(ctx, e, p.sides[i], one.side, dense, emit)
		shown = append(shown, one)
	}
	return shown, err
}

// paintSide draws one side and compares it with the dense picture, where that is given.
func paintSide(ctx context.Context, e easel, methods []pruning.Stacked, side string, dense *image.RGBA, emit func(trace.Event)) (*image.RGBA, error) {
	img, drawn, err := e.Run(ctx, methods, side, emit)
	if err == nil {
		err = ctx.Err()
	}
	switch {
	case err == nil && dense != nil:
		if err := liken(&drawn, dense, img); err != nil {
			return nil, err
		}
	case err != nil && drawn.Ended == "":
		return nil, err // it did not come so far as to sum itself up
	}
	emit(drawn)
	return img, err
}

// liken puts how close a picture is to the dense one into its summary.
func liken(d *trace.Drawn, dense, img *image.RGBA) error {
	psnr, err := quality.PSNR(dense, img)
	if err != nil {
		return err
	}
	if !math.IsInf(psnr, 0) { // equal
		d.PSNR = &psnr
	}
	if ssim, err := quality.SSIM(dense, img); err == nil { // the smallest pictures have none
		d.SSIM = &ssim
	}
	return nil
}
