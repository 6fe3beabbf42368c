package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"winnow/internal/trace"
	"winnow/vision/quality"
)

// places checks, before anything is drawn, that each file asked for can be written and is a file of its
// own.
func (c *drawCmd) places() error {
	taken := map[string]string{}
	for _, o := range []struct{ flag, path string }{{"--out", c.Out}, {"--out-dense", c.OutDense}, {"--out-diff", c.OutDiff}, {"--trace", c.Trace}} {
		if o.path == "" || special(o.path) {
			continue
		}
		if whole, err := filepath.Abs(o.path); err == nil {
			if other, ok := taken[whole]; ok {
				return usagef("%s and %s name the same file, %s; give each its own", other, o.flag, o.path)
			}
			taken[whole] = o.flag
		}
		if err := writable(o.path); err != nil {
			return err
		}
	}
	return nil
}

// writable makes a file beside path and removes it.
func writable(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder; give the name of a file in it", path)
	}
	folder := filepath.Dir(path)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		folder = filepath.Dir(target)
	}
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s cannot be written: there is no folder %s; make it or choose another", path, folder)
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s cannot be written: %s is a file, not a folder; choose another", path, folder)
	}
	f, err := os.CreateTemp(folder, ".winnow-*")
	if err != nil {
		return fmt.Errorf("%s cannot be written: no file can be made in %s (%w); choose another folder", path, folder, bare(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// drawOutputs are the files that were asked for. A run that was cut short has fewer pictures.
func (rec *recording) drawOutputs(c *drawCmd) []output {
	s := rec.state
	list := []output{{c.Trace, func(path string) error { return saveTrace(path, rec.events) }}}
	add := func(path string, of func() ([]byte, error), there bool) {
		if there {
			list = append(list, output{path, func(path string) error { return saveDrawing(path, of, rec.events) }})
		}
	}
	last := s.Dense
	if len(s.Request.Stacks()) > 0 {
		last = s.Pruned // never the dense picture in its place
	}
	add(c.Out, imageOf(last), drawn(last))
	add(c.OutDense, imageOf(s.Dense), drawn(s.Dense))
	add(c.OutDiff, func() ([]byte, error) { return differing(s.Dense, s.Pruned) }, drawn(s.Dense) && drawn(s.Pruned))
	return list
}

func drawn(d *trace.Side) bool { return d != nil && d.Drawn != nil && len(d.Drawn.Image) > 0 }

func imageOf(d *trace.Side) func() ([]byte, error) {
	return func() ([]byte, error) { return d.Drawn.Image, nil }
}

// saveDrawing writes a picture with the run in it.
func saveDrawing(path string, of func() ([]byte, error), events []trace.Event) error {
	file, err := of()
	if err == nil {
		file, err = trace.EmbedPNG(file, trace.Lighter(events))
	}
	if err != nil {
		return fmt.Errorf("%s was not written: %w", path, err)
	}
	write := func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	}
	if special(path) {
		return writeInto(path, write)
	}
	return trace.Save(path, write)
}

// differing is a PNG of what two sides' pictures differ by, amplified.
func differing(a, b *trace.Side) ([]byte, error) {
	p, err := finished(a)
	if err != nil {
		return nil, err
	}
	q, err := finished(b)
	if err != nil {
		return nil, err
	}
	d, err := quality.Difference(p, q)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	err = png.Encode(&file, d)
	return file.Bytes(), err
}

func finished(s *trace.Side) (*image.RGBA, error) {
	p, err := png.Decode(bytes.NewReader(s.Drawn.Image))
	if err != nil {
		return nil, err
	}
	out := image.NewRGBA(image.Rect(0, 0, p.Bounds().Dx(), p.Bounds().Dy()))
	draw.Draw(out, out.Rect, p, p.Bounds().Min, draw.Src)
	return out, nil
}

// openDrawing shows a recorded drawing.
func (c *openCmd) openDrawing(env *Env, events []trace.Event, s *trace.State) error {
	if c.Layer != nil {
		return usagef("--layer shows what an answer kept; this run is a drawing")
	}
	switch {
	case c.Events:
		if err := c.show(env, events, s); err != nil {
			return err
		}
	case c.JSON:
		if err := printJSON(env.Out, drawResultOf(s)); err != nil {
			return err
		}
	default:
		fmt.Fprintf(env.Out, "prompt   %s\n", line(s.Request.Draw.Prompt))
		if s.Time != "" {
			fmt.Fprintf(env.Out, "run      %s, by winnow %s\n", line(s.Time), line(s.Version))
		}
		for _, k := range s.Request.Stacks() {
			fmt.Fprintf(env.Out, "method   %s\n", line(stackText(k.Methods)))
		}
		printDrawing(env.Out, s)
		printEnd(env.Out, s)
		fmt.Fprintf(env.Out, "\nAgain: %s\n", drawAgain(s.Request))
	}
	if c.Figure == "" {
		return nil
	}
	last := s.Dense
	if drawn(s.Pruned) {
		last = s.Pruned
	}
	if !drawn(last) {
		return fmt.Errorf("%s was not written: the run ended before its picture", c.Figure)
	}
	if err := saveDrawing(c.Figure, imageOf(last), events); err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "wrote %s\n", c.Figure)
	return nil
}

// printEnd says what a person should know, and how the run ended if not well.
func printEnd(w io.Writer, s *trace.State) {
	for _, n := range s.Notices {
		fmt.Fprintf(w, "note: %s\n", line(n))
	}
	switch {
	case s.Error != "":
		fmt.Fprintf(w, "\nThe run failed: %s\n", line(s.Error))
	case s.Cancelled:
		fmt.Fprintln(w, "\nThe run was cancelled.")
	case !s.Ended:
		fmt.Fprintln(w, "\nThe trace ends before the run does.")
	}
}

// drawAgain is the command line that repeats a drawing, quoted for a shell.
func drawAgain(r trace.Request) string {
	d := r.Draw
	out := "winnow draw --prompt " + quote(clean(d.Prompt))
	add := func(flag, value string, given bool) {
		if given {
			out += " " + flag + " " + quote(clean(value))
		}
	}
	add("--model", r.Model, r.Model != "")
	for _, s := range r.Stacks() {
		add("--method", stackText(s.Methods), len(s.Methods) > 0)
	}
	add("--seed", strconv.FormatUint(d.Seed, 10), d.Seed != 0)
	add("--steps", strconv.Itoa(d.Steps), true)
	add("--solver", d.Solver, true)
	add("--guidance", number64(d.Guidance), true)
	add("--size", strconv.Itoa(d.Size), d.Size > 0)
	add("--device", r.Device, cmp.Or(r.Device, "auto") != "auto")
	add("--threads", strconv.Itoa(r.Threads), r.Threads > 0)
	return out + " --out drawing.png"
}
