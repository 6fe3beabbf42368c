package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"sync"
	"time"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/memory"
	"winnow/internal/trace"
	_ "winnow/pruning/catalogue" // all methods
	"winnow/vision/picture"
	"winnow/vlm"
)

// LocalOptions are the settings of a Local engine.
type LocalOptions struct {
	// ExactKV stores keys and values in float32, twice the memory; otherwise in halves, as
	// llama.cpp does.
	ExactKV bool
}

// Local runs requests in this process. The last model, and the last picture's encoding, stay
// loaded between runs.
type Local struct {
	opts LocalOptions
	// open is device.Open; tests put devices here that fail.
	open func(id string, threads int) (compute.Backend, string, error)
	// drawing is resolveDrawing; tests have models of their own.
	drawing func(name string) (opener, error)

	mu      sync.Mutex // one run at a time
	key     modelKey
	backend compute.Backend
	model   *vlm.Model
	session *vlm.Session
	painter painter // a model that draws, then model is nil
	stage   *stage  // policies and their simulation, then model and painter are nil
	notice  string  // why the device is not what auto hoped for
	loadMS  float64
	picture *vlm.Picture
	encoded float64 // ms that the encoding took
}

// modelKey tells models on devices apart.
type modelKey struct {
	model, projector, device string
	threads                  int
}

// NewLocal makes an engine; nothing is loaded before the first run.
func NewLocal(opts LocalOptions) *Local {
	return &Local{opts: opts, open: device.Open, drawing: resolveDrawing}
}

// Close frees the model.
func (l *Local) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unload()
	return nil
}

func (l *Local) unload() {
	if l.session != nil {
		l.session.Close()
	}
	if l.model != nil {
		l.model.Close()
	}
	if l.painter != nil {
		l.painter.Close()
	}
	if l.stage != nil {
		l.stage.close()
	}
	if l.backend != nil {
		l.backend.Close()
	}
	l.session, l.model, l.painter, l.stage, l.backend, l.picture = nil, nil, nil, nil, nil, nil
}

// load readies the request's model on its device.
func (l *Local) load(r trace.Request) error {
	key := modelKey{r.Model, r.Projector, r.Device, r.Threads}
	if l.model != nil && l.key == key {
		l.loadMS = 0
		return nil
	}
	started := time.Now()
	l.unload()
	files, err := resolve(r.Model, r.Projector)
	if err != nil {
		return err
	}
	if l.backend, l.notice, err = l.open(r.Device, r.Threads); err != nil {
		files.Close()
		return err
	}
	if l.model, err = vlm.Load(files, l.backend); err != nil {
		l.model = nil // Load closed it
		l.unload()
		return err
	}
	kv := compute.F16
	if l.opts.ExactKV {
		kv = compute.F32
	}
	l.session = l.model.NewSession(kv)
	l.key, l.loadMS = key, since(started)
	return nil
}

// see decodes and encodes the request's picture, or finds it encoded already.
func (l *Local) see(ctx context.Context, r trace.Request) (reused bool, err error) {
	var p *picture.Picture
	if len(r.PictureData) > 0 {
		p, err = picture.DecodeBytes(ctx, r.PictureData, r.PictureName, picture.Limits{})
	} else {
		p, err = picture.Open(ctx, r.Picture, picture.Limits{})
	}
	if err != nil {
		return false, err
	}
	if l.picture != nil && l.picture.Source.SHA256 == p.SHA256 {
		return true, nil
	}
	l.picture = nil
	started := time.Now()
	if l.picture, err = l.model.Encode(ctx, p); err != nil {
		return false, err
	}
	l.encoded = since(started)
	return false, nil
}

// Prepare implements Engine.
func (l *Local) Prepare(ctx context.Context, r trace.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Act != nil {
		l.prepareAct(ctx, r)
		return
	}
	if r.Draw != nil {
		_ = l.loadPainter(r) // Run tells
		return
	}
	if l.load(r) != nil || r.Picture == "" && len(r.PictureData) == 0 {
		return
	}
	if _, err := l.see(ctx, r); err != nil {
		l.picture = nil
	}
}

// Run implements Engine.
func (l *Local) Run(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	started := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	record := r
	record.PictureData = nil // the picture has an event of its own
	emit(trace.Started{Schema: trace.Schema, Version: Version, Time: started.UTC().Format(time.RFC3339), Request: record})
	err := l.run(ctx, r, emit)
	cancelled := ctx.Err() != nil
	if cancelled || errors.Is(err, compute.ErrCancelled) || errors.Is(err, context.Canceled) {
		cancelled, err = true, nil
	}
	if err != nil {
		emit(trace.Failed{Error: err.Error()})
	}
	emit(trace.Ended{Cancelled: cancelled, MS: since(started), PeakMemory: memory.Peak()})
	return err
}

func (l *Local) run(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	if r.Act != nil {
		return l.act(ctx, r, emit)
	}
	if r.Draw != nil {
		return l.draw(ctx, r, emit)
	}
	if err := l.load(r); err != nil {
		return err
	}
	plan, err := newPlan(r, l.model.Decoder.Describe())
	if err == nil {
		err = plan.admit(l.model)
	}
	if err != nil {
		return err
	}
	m := l.model.Describe(modelName(r.Model))
	m.LoadMS = l.loadMS
	emit(m)
	if l.notice != "" {
		emit(trace.Notice{Text: l.notice})
	}
	var pic *vlm.Picture
	if r.Picture != "" || len(r.PictureData) > 0 {
		reused, err := l.see(ctx, r)
		if err != nil {
			return err
		}
		pic = l.picture
		emit(l.describePicture(r, reused))
		for _, n := range pic.Source.Notes {
			emit(trace.Notice{Text: n})
		}
	}
	if err := plan.force(r.Force, pic); err != nil {
		return err
	}
	prompt, err := l.model.Prompt(r.Messages, pic)
	if err != nil {
		return err
	}
	emit(l.model.Trace(prompt))
	if err := l.carryOut(ctx, r, plan, prompt, emit); err != nil {
		if !errors.Is(err, compute.ErrCancelled) && !errors.Is(err, context.Canceled) {
			l.unload() // a device that failed once is not trusted: the next run starts it anew
		}
		return err
	}
	return nil
}

// maxTracePicture: a larger file is stored in the trace as a smaller JPEG.
const (
	maxTracePicture = 6 << 20
	traceSide       = 2048
)

func (l *Local) describePicture(r trace.Request, reused bool) trace.Picture {
	p := l.picture
	e := trace.Picture{Name: p.Source.Name, Width: p.Source.Width, Height: p.Source.Height, SHA256: p.Source.SHA256,
		Seen: p.Seen, Rows: p.Grid.Rows, Cols: p.Grid.Cols, FLOPs: p.Cost.FLOPs, Reused: reused}
	if !reused {
		e.EncodeMS = l.encoded
	}
	e.Data = fileBytes(r, maxTracePicture)
	if e.Data == nil {
		var buf bytes.Buffer
		if jpeg.Encode(&buf, p.Source.Thumbnail(traceSide), &jpeg.Options{Quality: 90}) == nil {
			e.Data = buf.Bytes()
		}
	}
	return e
}

func since(t time.Time) float64 { return float64(time.Since(t).Microseconds()) / 1000 }

// Devices implements Engine.
func (l *Local) Devices(context.Context) ([]DeviceEntry, error) {
	list, err := device.List()
	var out []DeviceEntry
	for _, d := range list {
		out = append(out, DeviceEntry{ID: d.ID, Description: d.Description, Backend: d.Backend, Threads: d.Threads, MemoryFree: d.MemoryFree})
	}
	if len(out) == 0 && err == nil {
		err = fmt.Errorf("no device was found; run `winnow native install cpu`")
	}
	return out, err
}
