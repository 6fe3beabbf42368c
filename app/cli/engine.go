package cli

import (
	"io"
	"os"
	"os/signal"

	"winnow/app/engine"
)

type engineCmd struct{}

func (engineCmd) Run(env *Env) error {
	// Ctrl+C in the terminal that the window was started from reaches both; the window decides.
	signal.Ignore(os.Interrupt)
	var out io.Writer = env.Out
	if e, ok := out.(*errWriter); ok && e.w == os.Stdout {
		out = engine.ClaimStdout()
	}
	// The engine is not closed: a run that hangs would keep it, and the process goes anyway.
	return engine.Serve(env.ctx, env.In, out, env.NewEngine())
}
