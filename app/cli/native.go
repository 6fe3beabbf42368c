package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"winnow/internal/native"
	"winnow/internal/trace"
)

type nativeCmd struct {
	List    nativeListCmd    `cmd:"" default:"withargs" help:"Show the libraries on this machine, where they lie, and which devices they give."`
	Install nativeInstallCmd `cmd:"" help:"Fetch the pinned libraries with npm, the simulator with pip."`
}

// Help shows examples.
func (nativeCmd) Help() string {
	return `Winnow computes with ggml, which it loads when it starts. Without it everything works in plain Go, slowly.

Examples:

    winnow native list
    winnow native install
    winnow native install vulkan`
}

type nativeListCmd struct {
	JSON bool `help:"Print JSON."`
}

// Help shows examples.
func (nativeListCmd) Help() string {
	return `Examples:

    winnow native list
    winnow native list --json`
}

type nativeJSON struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
	Source  string `json:"source"`
	Folder  string `json:"folder"`
	Bytes   int64  `json:"bytes"`
	Error   string `json:"error,omitempty"`
}

func (c *nativeListCmd) Run(env *Env) error {
	found, err := native.List()
	if err != nil {
		return err
	}
	rows := make([]nativeJSON, 0, len(found))
	for _, f := range found {
		n := nativeJSON{f.Kind, f.Version, f.Source, f.Dir, f.Bytes, ""}
		if f.Err != nil {
			n.Error = f.Err.Error()
		}
		rows = append(rows, n)
	}
	switch sim, err := native.FindMuJoCo(); {
	case err == nil:
		rows = append(rows, nativeJSON{native.MuJoCoKind, sim.Version, sim.Source, filepath.Dir(sim.Library), sim.Bytes, ""})
	case !errors.Is(err, native.ErrNoMuJoCo):
		rows = append(rows, nativeJSON{Kind: native.MuJoCoKind, Error: err.Error()})
	}
	if c.JSON {
		return printJSON(env.Out, rows)
	}
	if len(rows) == 0 {
		fmt.Fprintln(env.Out, "no native libraries are installed: run `winnow native install`")
	} else {
		t := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "libraries\tversion\tfrom\tsize\tfolder")
		for _, n := range rows {
			size := "damaged"
			if n.Error == "" {
				size = trace.Quantity(float64(n.Bytes), "bytes")
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", n.Kind, n.Version, n.Source, size, n.Folder)
		}
		t.Flush()
		for _, n := range rows {
			if n.Error != "" {
				fmt.Fprintf(env.Err, "note: %s\n", n.Error)
			}
		}
	}
	var can []string
	for _, p := range native.Available() {
		can = append(can, p.Kind)
	}
	if native.HasMuJoCo() {
		can = append(can, native.MuJoCoKind)
	}
	if len(can) > 0 {
		fmt.Fprintf(env.Out, "\ncan be installed here: %s\n\n", strings.Join(can, ", "))
	}
	return (&devicesCmd{}).Run(env)
}

type nativeInstallCmd struct {
	Kind string `arg:"" optional:"" default:"cpu" help:"cpu, vulkan, cuda, metal, or mujoco for the robots' simulator and its scenes."`
}

// Help shows examples.
func (nativeInstallCmd) Help() string {
	return `The registry, proxy and credentials are those of your npm (for mujoco, of your pip). What arrives is compared with a hash.

Examples:

    winnow native install
    winnow native install vulkan
    winnow native install mujoco`
}

func (c *nativeInstallCmd) Run(env *Env) error {
	ctx, stop := env.interruptible()
	defer stop()
	show, done := progress(env.Err, "the set "+c.Kind)
	err := native.Install(ctx, c.Kind, show)
	done(err)
	if ctx.Err() != nil {
		return errCancelled
	}
	if err != nil && !slices.Contains([]string{"auto", "cpu", "vulkan", "cuda", "metal", native.MuJoCoKind}, c.Kind) {
		return usageError{err}
	}
	return err
}
