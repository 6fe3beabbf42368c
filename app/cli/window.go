package cli

import "fmt"

// Window is what the window opens with.
type Window struct {
	Files    []string
	Question string
	// Ask asks at once.
	Ask bool
}

type windowCmd struct {
	Files  []string `arg:"" optional:"" placeholder:"FILE" help:"Pictures, a trace, a figure, or a model's file."`
	Prompt string   `placeholder:"TEXT" help:"Fill in the question."`
	Ask    bool     `help:"Ask it at once."`
}

// Help shows examples.
func (windowCmd) Help() string {
	return `The same as winnow without a verb, with a question.

Examples:

    winnow window
    winnow window photo.jpg --prompt "What is in the picture?" --ask
    winnow window run.png`
}

func (c *windowCmd) Run(env *Env) error {
	if c.Ask && c.Prompt == "" && len(c.Files) == 0 {
		return usagef("--ask needs a question or a picture; give --prompt TEXT or a file")
	}
	for _, f := range c.Files {
		if !isFile(f) {
			return fmt.Errorf("there is no file %s; check the path", f)
		}
	}
	return env.Window(Window{c.Files, c.Prompt, c.Ask})
}
