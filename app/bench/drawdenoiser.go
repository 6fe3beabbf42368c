package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	builtin "winnow/assets/models"
	"winnow/diffusion"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
)

// denoiserRounds is how often each kind of evaluation is timed: about three seconds of the built-in
// model's size on two cores.
const denoiserRounds = 21

// openDrawer opens a model that draws: a built-in one, or a folder. nil for a name that is neither,
// which the engine refuses with a sentence.
func openDrawer(name string) func(compute.Backend) (*diffusion.Model, error) {
	for _, m := range builtin.Drawings() {
		if name == "" || name == m.Name {
			return func(b compute.Backend) (*diffusion.Model, error) { return diffusion.LoadFS(m.Files, m.Name, b) }
		}
	}
	if info, err := os.Stat(filepath.Join(name, "transformer")); err != nil || !info.IsDir() {
		return nil
	}
	return func(b compute.Backend) (*diffusion.Model, error) { return diffusion.Load(name, b) }
}

// measure times the network beside its matrix products, with the threads and the size of the
// drawings; nil where there is no such model.
func (o *DrawOptions) measure(ctx context.Context) (*diffusion.Denoiser, error) {
	open := openDrawer(o.Model)
	if open == nil {
		return nil, nil
	}
	b, _, err := device.Open(o.Device, o.Threads)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	m, err := open(b)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	d := o.Draw
	d.Solver = o.Solvers[0] // any: only the network runs
	out, err := m.Measure(ctx, d, denoiserRounds)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return &out, err
}

// printDenoiser writes what was measured.
func printDenoiser(out io.Writer, d *diffusion.Denoiser) {
	fmt.Fprintf(out, "\nThe denoiser takes %.1f ms for %d × %d tokens; its matrix products alone %.1f ms (%.2f times that), linear layers and fused attention alone %.1f ms (%.2f times).\n",
		d.MS, d.Batch, d.Tokens, d.MatmulMS, d.Ratio, d.FusedMS, d.FusedRatio)
	for i, s := range d.Some {
		sep := map[bool]string{true: "Of ", false: "; of "}[i == 0]
		fmt.Fprintf(out, "%s%d tokens it takes %.1f ms (%.0f %%)", sep, s.Kept, s.MS, 100*s.Share)
	}
	if len(d.Some) > 0 {
		fmt.Fprintln(out, ". Medians, measured by turns.")
	}
}
