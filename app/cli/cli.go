package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"winnow/app/bench"
	"winnow/app/engine"
	"winnow/internal/trace"
	"winnow/vision/quality"

	_ "winnow/pruning/catalogue" // the methods that can be asked for
)

// The exit codes.
const (
	codeDone      = 0
	codeFailed    = 1
	codeUsage     = 2
	codeCancelled = 130
)

// Env is what a verb has of the world.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	// NewEngine opens the engine that answers; OpenChat a conversation.
	NewEngine func() engine.Engine
	OpenChat  func(ctx context.Context, model, device string, threads int) (Chat, error)
	// Window opens the window and returns when it is closed. ErrNoWindow says that this build
	// has none.
	Window func(Window) error

	ctx context.Context
}

// Chat is a conversation that keeps its cache between turns.
type Chat interface {
	Say(ctx context.Context, text string, s trace.Sampling, emit func(trace.Event)) error
	Reset()
	Close()
}

type grammar struct {
	Ask     askCmd     `cmd:"" help:"Ask about a picture: the answer with all visual tokens and the one with few, side by side."`
	Compare compareCmd `cmd:"" help:"Ask once with several methods, side by side."`
	Sweep   sweepCmd   `cmd:"" help:"Move one parameter of a method: quality against cost."`
	Draw    drawCmd    `cmd:"" help:"Draw a picture, and again with few evaluations of the network."`
	Chat    chatCmd    `cmd:"" help:"Talk with a language model."`
	Open    openCmd    `cmd:"" help:"Show a recorded run, without the model."`
	Window  windowCmd  `cmd:"" help:"Open the window."`
	Methods methodsCmd `cmd:"" help:"List the pruning methods and their parameters."`
	Models  modelsCmd  `cmd:"" help:"List the models, or install one."`
	Native  nativeCmd  `cmd:"" help:"List the native libraries, or install them."`
	Devices devicesCmd `cmd:"" help:"List the devices to compute on."`
	Act     actCmd     `cmd:"" help:"Let a robot try a task in the simulator, by a policy or by the scripted expert."`
	Bench   benchCmd   `cmd:"" help:"Measure against libllama, and the methods against each other."`
	Eval    evalCmd    `cmd:"" help:"How well a model answers, with all visual tokens and with few: accuracy, hallucination and cost."`
	Engine  engineCmd  `cmd:"" hidden:"" help:"Serve runs as JSON lines on stdin and stdout; the window starts it."`

	Version kong.VersionFlag `help:"Print the version."`
}

const about = `Winnow shows what a multimodal model can do without. Without a verb it opens its window; a picture, a trace, a figure or a model given as the only arguments opens in it.`

// words that the help texts of flags refer to.
var words = kong.Vars{"version": "winnow " + engine.Version, "method": defaultMethod, "chat": defaultChat,
	"stacks": strconv.Itoa(mostStacks), "points": strconv.Itoa(defaultPoints), "amplify": strconv.Itoa(quality.Amplified), "solvers": solversText, "prompts": strconv.Itoa(bench.DefaultPrompts)}

// usageError is a mistake in the command line, as against one in the run.
type usageError struct{ error }

func usagef(format string, a ...any) error { return usageError{fmt.Errorf(format, a...)} }

// errCancelled is the end of a verb that Ctrl+C ended.
var errCancelled = errors.New("cancelled")

// ErrNoWindow is the error of a build without one.
var ErrNoWindow = errors.New("this build of winnow has no window; build it with cgo and without the tag nogui, or use a verb")

// errSaid is an error whose sentence is on the screen already.
var errSaid = errors.New("said")

// exited carries the code out of kong, which ends the program after --help and --version.
type exited int

// Run carries out a command line, without the program's name, and returns the exit code.
func Run(ctx context.Context, args []string, env Env) (code int) {
	env.ctx = ctx
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exited:
			code = int(r)
		default:
			panic(r)
		}
	}()
	var g grammar
	parser, err := kong.New(&g, kong.Name("winnow"), kong.Description(about), words,
		kong.Writers(env.Out, env.Err), kong.Exit(func(c int) { panic(exited(c)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if err != nil {
		panic(err) // the grammar above is wrong
	}
	if wantsWindow(args) {
		return env.code(env.Window(Window{Files: args}))
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(env.Err, "winnow: "+parseError(args, err))
		return codeUsage
	}
	out := &errWriter{w: env.Out}
	env.Out = out
	return env.code(cmp.Or(parsed.Run(&env), out.err))
}

// parseError is kong's error with a next step.
func parseError(args []string, err error) string {
	if !isVerb(args[0]) {
		return fmt.Sprintf("there is no verb and no file %s; `winnow --help` lists the verbs", args[0])
	}
	path := "winnow"
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil && p.Context.Selected() != nil {
		path = p.Context.Selected().FullPath()
	}
	text := strings.Replace(err.Error(), ` but got "EOL" (<EOL>)`, ", and nothing follows", 1)
	return fmt.Sprintf("%s; `%s --help` shows how it goes", text, path)
}

// errWriter remembers the first error, so that a printer need not look at each line's: an answer
// that did not reach its file must not end in success.
type errWriter struct {
	w   io.Writer
	err error
}

func (e *errWriter) Write(p []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	n, err := e.w.Write(p)
	if err != nil {
		e.err = fmt.Errorf("the output was not written: %w", bare(err))
	}
	return n, e.err
}

func (env *Env) code(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return codeDone
	case errors.Is(err, ErrNoWindow):
		fmt.Fprintf(env.Err, "winnow: %v; these are the verbs:\n\n", err)
		help := *env
		help.Out = env.Err
		Run(env.ctx, []string{"--help"}, help)
		return codeUsage
	case errors.Is(err, errCancelled), errors.Is(err, context.Canceled):
		fmt.Fprintln(env.Err, "winnow: cancelled")
		return codeCancelled
	case errors.Is(err, errSaid):
		return codeFailed
	}
	fmt.Fprintf(env.Err, "winnow: %v\n", err)
	if errors.As(err, &usage) {
		return codeUsage
	}
	return codeFailed
}

// wantsWindow tells whether there are no arguments but files. A first word that is neither a verb
// nor a file is left to kong to complain about.
func wantsWindow(args []string) bool {
	for i, a := range args {
		if i == 0 && isVerb(a) || !isFile(a) {
			return false
		}
	}
	return true
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// isVerb tells whether a word is one of the verbs or a flag, rather than a file to open.
func isVerb(word string) bool {
	parser, err := kong.New(&grammar{}, words)
	if err != nil {
		panic(err)
	}
	for _, n := range parser.Model.Children {
		if n.Name == word {
			return true
		}
	}
	return strings.HasPrefix(word, "-")
}

// interruptible returns a context that ends with the first Ctrl+C (or a polite kill). A second one
// ends the program, should the first not be enough.
func (env *Env) interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(env.ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// isTerminal tells whether a person looks at w, or types into it.
func isTerminal(w any) bool {
	if e, ok := w.(*errWriter); ok {
		w = e.w
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
