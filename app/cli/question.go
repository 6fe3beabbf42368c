package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"winnow/internal/trace"
)

// question is what every verb that asks about a picture takes.
type question struct {
	Image   string   `required:"" placeholder:"FILE" help:"The picture: JPEG, PNG, WebP, GIF, BMP or TIFF."`
	Prompt  string   `required:"" placeholder:"TEXT" help:"The question."`
	Model   string   `placeholder:"NAME|FILE.gguf" help:"A model's name or file. Default: the built-in one."`
	Mmproj  string   `placeholder:"FILE.gguf" help:"The vision encoder that belongs to the model's file. Default: the mmproj beside it."`
	Force   []string `sep:"none" placeholder:"ROW,COL=in|out" help:"Keep the visual token of this cell of the patch grid whatever the methods say, or take it out; rows and columns count from 0. May be given several times."`
	Compute compute  `embed:""`
	Choice  sampling `embed:"" set:"tokens=128"`
}

// request checks what can be checked without the model; the methods are left to the verb.
func (q *question) request() (trace.Request, error) {
	r := trace.Request{Model: q.Model, Picture: q.Image, PictureName: filepath.Base(q.Image),
		Messages: []trace.Message{{Role: "user", Text: q.Prompt}}, Device: q.Compute.Device, Threads: q.Compute.Threads}
	var err error
	if r.Sampling, err = q.Choice.check(); err != nil {
		return r, err
	}
	if err := q.Compute.check(); err != nil {
		return r, err
	}
	if r.Force, err = forcedCells(q.Force); err != nil {
		return r, err
	}
	if q.Mmproj != "" {
		if q.Model == "" {
			return r, usagef("--mmproj belongs to a model's file; give that with --model")
		}
		r.Projector = q.Mmproj
	}
	return r, nil
}

// forcedCells reads "3,4=in".
func forcedCells(flags []string) ([]trace.Forced, error) {
	var out []trace.Forced
	for _, f := range flags {
		cell, where, _ := strings.Cut(f, "=")
		r, c, ok := strings.Cut(cell, ",")
		row, badRow := strconv.Atoi(strings.TrimSpace(r))
		col, badCol := strconv.Atoi(strings.TrimSpace(c))
		if !ok || badRow != nil || badCol != nil || row < 0 || col < 0 || where != "in" && where != "out" {
			return nil, usagef("--force is %q; write a cell and where it goes, as in 3,4=in or 3,4=out", f)
		}
		out = append(out, trace.Forced{Row: row, Col: col, Keep: where == "in"})
	}
	return out, nil
}

// findPicture says at once what would come out only after the model is loaded.
func (q *question) findPicture() error {
	info, err := os.Stat(q.Image)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no picture %s; check the path", q.Image)
	case err != nil:
		return fmt.Errorf("the picture %s cannot be opened: %w", q.Image, bare(err))
	case info.IsDir():
		return fmt.Errorf("%s is a folder; give a picture in it", q.Image)
	}
	return nil
}

// recording is a run with everything that it said.
type recording struct {
	events []trace.Event
	state  *trace.State
	// err is why there is no result, or no whole one; nil where it was cancelled.
	err       error
	cancelled bool
}

// run lets the engine answer; see gets each event as it comes.
func (q *question) run(env *Env, r trace.Request, see func(trace.Event, *trace.State)) *recording {
	ctx, stop := env.interruptible()
	defer stop()
	rec := &recording{state: new(trace.State)}
	if rec.err = q.findPicture(); rec.err == nil {
		e := env.NewEngine()
		defer e.Close()
		rec.err = e.Run(ctx, r, func(ev trace.Event) {
			rec.events = append(rec.events, ev)
			rec.state.Apply(ev)
			see(ev, rec.state)
		})
	}
	rec.cancelled = rec.state.Cancelled || ctx.Err() != nil
	if errors.Is(rec.err, context.Canceled) {
		rec.err = nil
	}
	return rec
}

// output is a file that a run is written to; path "" means no file.
type output struct {
	path  string
	write func(path string) error
}

// finish tells what went wrong, writes the outputs (one that cannot be written does not hinder
// the others) and gives the verb's error.
func (rec *recording) finish(env *Env, quiet bool, outputs ...output) error {
	err := rec.err
	if err != nil {
		fmt.Fprintf(env.Err, "winnow: %v\n", err)
		err = errSaid
	}
	for _, x := range outputs {
		if x.path == "" || len(rec.events) == 0 {
			continue
		}
		if failed := x.write(x.path); failed != nil {
			fmt.Fprintf(env.Err, "winnow: %v\n", failed)
			err = cmp.Or(err, errSaid)
		} else if !quiet {
			fmt.Fprintf(env.Err, "wrote %s\n", x.path)
		}
	}
	if rec.cancelled {
		return errCancelled
	}
	return err
}
