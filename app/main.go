package main

import (
	"context"
	"os"

	"winnow/app/cli"
	"winnow/app/engine"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	return cli.Run(context.Background(), args, cli.Env{In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		NewEngine: func() engine.Engine { return engine.NewLocal(engine.LocalOptions{}) },
		OpenChat: func(ctx context.Context, model, device string, threads int) (cli.Chat, error) {
			c, err := engine.OpenChat(ctx, model, device, threads)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
		Window: window})
}
