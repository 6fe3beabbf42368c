package cli

import (
	"context"
	"fmt"
	"slices"
	"text/tabwriter"

	"winnow/app/engine"
	"winnow/internal/models"
	"winnow/internal/trace"
)

type modelsCmd struct {
	List    modelsListCmd    `cmd:"" default:"withargs" help:"Show the models that can be asked for by name."`
	Install modelsInstallCmd `cmd:"" help:"Fetch a model."`
}

// Help shows examples.
func (modelsCmd) Help() string {
	return `A model of your own needs no installing: give its .gguf file to --model.

Examples:

    winnow models
    winnow models install smollm2-135m`
}

type modelsListCmd struct {
	JSON bool `help:"Print JSON."`
}

// Help shows examples.
func (modelsListCmd) Help() string {
	return `Examples:

    winnow models list
    winnow models list --json`
}

func (c *modelsListCmd) Run(env *Env) error {
	ctx, stop := env.interruptible()
	defer stop()
	e := env.NewEngine()
	defer e.Close()
	list, err := e.Models(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		if list == nil {
			list = []engine.ModelEntry{}
		}
		return printJSON(env.Out, list)
	}
	t := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "model\treads\tsize\tlicence\tstate\ttitle")
	for _, m := range list {
		reads, state := "text", "not installed"
		switch {
		case m.Vision:
			reads = "pictures, text"
		case m.Draws:
			reads = "text, draws"
		case m.Acts && m.Name == trace.Expert:
			reads = "nothing, acts"
		case m.Acts:
			reads = "pictures, text, acts"
		}
		switch {
		case m.BuiltIn:
			state = "built in"
		case m.Installed:
			state = "installed"
		}
		size := ""
		if m.Bytes > 0 {
			size = trace.Quantity(float64(m.Bytes), "bytes")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", m.Name, reads, size, m.Licence, state, m.Title)
	}
	t.Flush()
	for _, m := range list {
		if m.Note != "" {
			fmt.Fprintf(env.Out, "\n%s: %s", m.Name, m.Note)
		}
		if !m.Installed && m.Install != "" {
			fmt.Fprintf(env.Out, "\n%s: %s", m.Name, m.Install)
		}
	}
	fmt.Fprintln(env.Out)
	return nil
}

type modelsInstallCmd struct {
	Name string `arg:"" help:"The model's name, as winnow models lists it."`
}

// Help shows examples.
func (modelsInstallCmd) Help() string {
	return `The index, proxy and credentials are those of your pip. What arrives is compared with a hash.

Examples:

    winnow models install smollm2-135m`
}

func (c *modelsInstallCmd) Run(env *Env) error {
	ctx, stop := env.interruptible()
	defer stop()
	list, err := models.List()
	if err != nil {
		return err
	}
	if builtIn(ctx, env, c.Name) {
		fmt.Fprintf(env.Err, "%s is built in; there is nothing to install\n", c.Name)
		return nil
	}
	show, done := progress(env.Err, c.Name)
	err = models.Install(ctx, c.Name, show)
	done(err)
	if ctx.Err() != nil {
		return errCancelled
	}
	for _, m := range list {
		if m.Name == c.Name {
			return err
		}
	}
	if err != nil {
		return usageError{err}
	}
	return nil
}

func builtIn(ctx context.Context, env *Env, name string) bool {
	e := env.NewEngine()
	defer e.Close()
	list, _ := e.Models(ctx)
	return slices.ContainsFunc(list, func(m engine.ModelEntry) bool { return m.BuiltIn && m.Name == name })
}
