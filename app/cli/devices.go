package cli

import (
	"fmt"
	"text/tabwriter"

	"winnow/app/engine"
	"winnow/internal/trace"
)

type devicesCmd struct {
	JSON bool `help:"Print JSON."`
}

// Help shows examples.
func (devicesCmd) Help() string {
	return `The names go into --device of the other verbs; auto takes the first graphics card, else the processor.

Examples:

    winnow devices
    winnow ask --device ref --image photo.jpg --prompt "What is this?"`
}

func (c *devicesCmd) Run(env *Env) error {
	ctx, stop := env.interruptible()
	defer stop()
	e := env.NewEngine()
	defer e.Close()
	devices, err := e.Devices(ctx)
	if err != nil && len(devices) == 0 {
		return err
	}
	if err != nil {
		fmt.Fprintf(env.Err, "note: %v\n", err)
	}
	if c.JSON {
		if devices == nil {
			devices = []engine.DeviceEntry{}
		}
		return printJSON(env.Out, devices)
	}
	t := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "device\tbackend\tthreads\tfree memory\tdescription")
	for _, d := range devices {
		threads, memory := "", ""
		if d.Threads > 0 {
			threads = fmt.Sprint(d.Threads)
		}
		if d.MemoryFree > 0 {
			memory = trace.Quantity(float64(d.MemoryFree), "bytes")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", d.ID, d.Backend, threads, memory, d.Description)
	}
	return t.Flush()
}
