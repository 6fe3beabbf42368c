package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"winnow/internal/models"
	"winnow/internal/trace"
)

// defaultChat is the model that `winnow chat` talks to.
const defaultChat = "smollm2-135m"

type chatCmd struct {
	Model   string   `default:"${chat}" placeholder:"NAME|FILE.gguf" help:"A model's name or file. Default: ${chat}."`
	Prompt  string   `placeholder:"TEXT" help:"Say this, print the answer and end; - takes it from stdin."`
	Compute compute  `embed:""`
	Choice  sampling `embed:"" set:"tokens=512"`
}

// Help shows examples.
func (chatCmd) Help() string {
	return `Each line is a turn; the model remembers the conversation. /reset forgets it, /quit or the end of input ends, Ctrl+C stops an answer.

Examples:

    winnow chat
    winnow chat --model model.gguf --temperature 0.7 --seed 1
    winnow chat --prompt "Name three rivers."
    winnow chat --prompt - < letter.txt`
}

func (c *chatCmd) Run(env *Env) error {
	choice, err := c.Choice.check()
	if err != nil {
		return err
	}
	if err := c.Compute.check(); err != nil {
		return err
	}
	if c.Model == defaultChat {
		if _, err := models.Path(c.Model); err != nil {
			return err
		}
	}
	text := c.Prompt
	if text == "-" {
		all, err := io.ReadAll(env.In)
		if err != nil {
			return fmt.Errorf("stdin cannot be read: %w", bare(err))
		}
		if text = strings.TrimSpace(string(all)); text == "" {
			return usagef("stdin is empty; there is nothing to say")
		}
	}
	ctx, stop := env.interruptible()
	chat, err := env.OpenChat(ctx, c.Model, c.Compute.Device, c.Compute.Threads)
	stop()
	if err != nil {
		return err
	}
	defer chat.Close()
	t := &talk{env: env, chat: chat, choice: choice, person: isTerminal(env.In) && isTerminal(env.Out)}
	if text != "" {
		_, err := t.say(text)
		return err
	}
	return t.loop(c.Model)
}

// talk is a conversation at the keyboard, or from a file of lines.
type talk struct {
	env    *Env
	chat   Chat
	choice trace.Sampling
	person bool
}

func (t *talk) loop(model string) error {
	if t.person {
		fmt.Fprintf(t.env.Err, "Talking with %s. /reset forgets the conversation, /quit ends.\n", model)
	}
	lines := readLines(t.env.In)
	for {
		if t.person {
			fmt.Fprint(t.env.Out, "\n> ")
		}
		ctx, stop := t.env.interruptible()
		var l inputLine
		select {
		case l = <-lines:
		case <-ctx.Done():
			stop()
			fmt.Fprintln(t.env.Err)
			return errCancelled
		}
		stop()
		if l.err != nil {
			if errors.Is(l.err, io.EOF) {
				if t.person {
					fmt.Fprintln(t.env.Out)
				}
				return nil
			}
			return fmt.Errorf("stdin cannot be read further: %w", bare(l.err))
		}
		switch text := strings.TrimSpace(l.text); {
		case text == "":
		case text == "/quit" || text == "/exit":
			return nil
		case text == "/reset":
			t.chat.Reset()
			fmt.Fprintln(t.env.Err, "The conversation is forgotten.")
		case strings.HasPrefix(text, "/"):
			fmt.Fprintf(t.env.Err, "There is no command %s; there are /reset and /quit.\n", line(text))
		default:
			cancelled, err := t.say(text)
			switch {
			case err == nil:
			case cancelled && t.person: // the answer was stopped, not the conversation
				fmt.Fprintln(t.env.Err, "(stopped)")
			case !t.person || errors.Is(err, context.Canceled) || errors.Is(err, errCancelled):
				return err
			default:
				fmt.Fprintf(t.env.Err, "winnow: %v\n", err)
			}
		}
	}
}

// say prints the answer while it comes.
func (t *talk) say(text string) (cancelled bool, err error) {
	ctx, stop := t.env.interruptible()
	defer stop()
	begun := false
	var summary *trace.SideDone
	err = t.chat.Say(ctx, text, t.choice, func(e trace.Event) {
		switch e := e.(type) {
		case trace.Word:
			word := e.Text
			if !begun {
				word = strings.TrimLeft(word, " \n")
			}
			begun = begun || word != ""
			io.WriteString(t.env.Out, clean(word))
		case trace.Notice:
			fmt.Fprintf(t.env.Err, "note: %s\n", clean(e.Text))
		case trace.SideDone:
			summary = &e
		}
	})
	if begun {
		fmt.Fprintln(t.env.Out)
	}
	if ctx.Err() != nil {
		return true, errCancelled
	}
	if err == nil && t.person && summary != nil && summary.TokensPerSecond > 0 {
		fmt.Fprintf(t.env.Err, "(first token %s, then %s, measured)\n", trace.Quantity(summary.TTFTMS, "ms"), trace.Quantity(summary.TokensPerSecond, "tokens/s"))
	}
	if err == nil && summary != nil && summary.Ended == "length" {
		fmt.Fprintf(t.env.Err, "note: the answer was cut after %d tokens; --max-tokens allows more\n", summary.Tokens)
	}
	return false, err
}

type inputLine struct {
	text string
	err  error
}

// readLines reads in the background, so that Ctrl+C can end the wait for a line.
func readLines(r io.Reader) <-chan inputLine {
	lines := make(chan inputLine)
	go func() {
		b := bufio.NewReader(r)
		for {
			text, err := b.ReadString('\n')
			if text != "" {
				lines <- inputLine{text: text}
			}
			if err != nil {
				lines <- inputLine{err: err}
				return
			}
		}
	}()
	return lines
}
