package chat

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"
	"github.com/nikolalohinski/gonja/v2/parser"
)

// What a template may use. The longest known templates have 20 kB and, with a long
// conversation, some thousand rounds.
const (
	maxTemplate = 256 << 10 // bytes
	maxRounds   = 20_000    // rounds of all loops together, and assignments
	maxValue    = 1 << 20   // bytes of a text, or entries of a list, that is assigned
	maxCalls    = 1_000     // macro calls; Go's stack must hold them if they nest
	maxRange    = 10_000    // numbers in one range()
	maxOutput   = 8 << 20   // bytes
)

// guard counts what one run of a template uses.
type guard struct {
	rounds, calls int
	over          bool // a limit was reached
}

var errTooLong = errors.New("it loops too long")

// round counts a round of a loop or an assignment; of the latter it gets the value.
func (g *guard) round(_ *exec.Evaluator, p *exec.VarArgs) (string, error) {
	if g.rounds++; g.rounds > maxRounds {
		g.over = true
		panic(errTooLong)
	}
	for _, v := range p.Args {
		if (v.IsString() || v.IsList()) && v.Len() > maxValue {
			g.over = true
			panic(errors.New("its values fill the memory"))
		}
	}
	return "", nil
}

func (g *guard) call(*exec.Evaluator, *exec.VarArgs) (string, error) {
	if g.calls++; g.calls > maxCalls {
		g.over = true
		panic(errTooLong)
	}
	return "", nil
}

// opening finds tags that begin a loop's or a macro's body, and assignments.
var opening = regexp.MustCompile(`\{%[-+]?\s*(for|macro|set)\b`)

// multiplies reports whether an expression has a * outside quotes: 'x' * 1000000000 is a
// text, and no known chat template multiplies.
func multiplies(tmpl string) bool {
	found := false
	eachTag(tmpl, func(inside string) string {
		for i := 0; i < len(inside); i++ {
			switch inside[i] {
			case '\'', '"':
				i = quoteEnd(inside, i)
			case '*':
				found = true
			}
		}
		return inside
	})
	return found
}

// recursive finds loops whose body may call them again, to any depth.
var recursive = regexp.MustCompile(`\srecursive\s*[-+]?%\}$`)

// target finds the variable that a set tag assigns.
var target = regexp.MustCompile(`^\{%[-+]?\s*set\s+([\w.]+)\s*=`)

// instrument puts a counter at the start of every loop and macro body, and a check after
// every assignment, since gonja has no limits of its own. Both are set tags that end as the
// tag before them ends, so that white space is handled as before.
func instrument(tmpl string) (string, error) {
	var b strings.Builder
	for {
		at := opening.FindStringSubmatchIndex(tmpl)
		if at == nil {
			b.WriteString(tmpl)
			return b.String(), nil
		}
		end := tagEnd(tmpl, at[1])
		if end < 0 {
			return "", errors.New("a tag in it has no end")
		}
		if recursive.MatchString(tmpl[at[0]:end]) {
			return "", errors.New("it has a recursive loop, which could fill the memory")
		}
		counter := "winnow_round("
		if tmpl[at[2]:at[3]] == "macro" {
			counter = "winnow_call("
		} else if m := target.FindStringSubmatch(tmpl[at[0]:end]); m != nil {
			counter += m[1]
		}
		b.WriteString(tmpl[:end])
		b.WriteString("{% set winnow_count = " + counter + ") ")
		if tmpl[end-3] == '-' || tmpl[end-3] == '+' {
			b.WriteByte(tmpl[end-3])
		}
		b.WriteString("%}")
		tmpl = tmpl[end:]
	}
}

// tagEnd returns the place after the %} that closes the tag, skipping quoted text; -1 if
// there is none.
func tagEnd(s string, i int) int {
	quote := byte(0)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '%' && i+1 < len(s) && s[i+1] == '}':
			return i + 2
		}
	}
	return -1
}

// controls are the tags that a chat template needs; those that read other files are left out.
func controls() *exec.ControlStructureSet {
	set := exec.NewControlStructureSet(map[string]parser.ControlStructureParser{})
	for _, name := range []string{"for", "if", "set", "macro", "call", "filter", "with", "raw", "do", "break", "continue"} {
		if p, ok := builtins.ControlStructures.Get(name); ok {
			_ = set.Register(name, p) // the set is new: nothing is registered twice
		}
	}
	return set
}

// functions are the built-in ones without those that make texts of any length.
func functions() *exec.Context {
	set := map[string]any{}
	for _, name := range []string{"cycler", "dict", "joiner", "namespace"} {
		if f, ok := builtins.GlobalFunctions.Get(name); ok {
			set[name] = f
		}
	}
	return exec.NewContext(set)
}

// filters are the built-in ones; those that pad a text to any width refuse.
func filters() *exec.FilterSet {
	set := exec.NewFilterSet(map[string]exec.FilterFunction{}).Update(builtins.Filters)
	for _, name := range []string{"center", "format"} {
		if set.Exists(name) {
			_ = set.Replace(name, func(*exec.Evaluator, *exec.Value, *exec.VarArgs) *exec.Value {
				panic(fmt.Errorf("the filter %s is not allowed in it", name))
			})
		}
	}
	return set
}

// raise is transformers' raise_exception: the template refuses the conversation.
func raise(_ *exec.Evaluator, p *exec.VarArgs) (string, error) {
	msg := "no reason given"
	if len(p.Args) > 0 {
		msg = p.Args[0].String()
	}
	panic(refusal(msg))
}

type refusal string

func strftimeNow(_ *exec.Evaluator, p *exec.VarArgs) (string, error) {
	layout := "%d %b %Y"
	if len(p.Args) > 0 {
		layout = p.Args[0].String()
	}
	r := strings.NewReplacer("%d", "02", "%b", "Jan", "%B", "January", "%Y", "2006", "%m", "01",
		"%y", "06", "%H", "15", "%M", "04", "%S", "05", "%A", "Monday", "%a", "Mon", "%%", "%")
	return time.Now().Format(r.Replace(layout)), nil
}

// numbers is range() with a limit, as a list, so that no goroutine is left behind.
func numbers(_ *exec.Evaluator, p *exec.VarArgs) ([]int, error) {
	start, stop, step := 0, 0, 1
	for _, a := range p.Args {
		if !a.IsInteger() {
			return nil, errors.New("range() takes whole numbers")
		}
	}
	switch len(p.Args) {
	case 1:
		stop = p.Args[0].Integer()
	case 2:
		start, stop = p.Args[0].Integer(), p.Args[1].Integer()
	case 3:
		start, stop, step = p.Args[0].Integer(), p.Args[1].Integer(), p.Args[2].Integer()
	default:
		return nil, errors.New("range() takes one to three numbers")
	}
	if step == 0 {
		return nil, errors.New("range() has a step of 0")
	}
	var list []int
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(list) == maxRange {
			return nil, fmt.Errorf("range() of more than %d numbers", maxRange)
		}
		list = append(list, i)
	}
	return list, nil
}

// compile parses the template. gonja may panic on odd input; that becomes an error too.
func compile(tmpl string) (p *program, err error) {
	defer sentence(&err)
	if len(tmpl) > maxTemplate {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are allowed", len(tmpl), maxTemplate)
	}
	if multiplies(tmpl) {
		return nil, errors.New("it multiplies, which could fill the memory")
	}
	tmpl, err = instrument(conditionals(tmpl))
	if err != nil {
		return nil, err
	}
	g := &guard{}
	env := &exec.Environment{
		Filters: filters(), Tests: builtins.Tests, Methods: builtins.Methods,
		ControlStructures: controls(),
		Context: exec.EmptyContext().Update(functions()).Update(exec.NewContext(map[string]any{
			"range": numbers, "raise_exception": raise, "strftime_now": strftimeNow,
			"winnow_round": g.round, "winnow_call": g.call, "winnow_if": choose,
		})),
	}
	// As transformers sets up Jinja.
	cfg := config.New()
	cfg.TrimBlocks, cfg.LeftStripBlocks = true, true
	const name = "/chat"
	loader, err := loaders.NewMemoryLoader(map[string]string{name: tmpl})
	if err != nil {
		return nil, err
	}
	t, err := exec.NewTemplate(name, cfg, loader, env)
	if err != nil {
		return nil, err
	}
	return &program{t, g}, nil
}

// run renders once.
func (p *program) run(values map[string]any) (out string, err error) {
	defer sentence(&err)
	*p.g = guard{}
	w := &limited{}
	if err := p.t.Execute(w, exec.NewContext(values)); err != nil {
		return "", err
	}
	return w.b.String(), nil
}

// sentence turns an error or a panic of the template engine into one error of ours.
func sentence(err *error) {
	r := recover()
	if msg, ok := r.(refusal); ok {
		*err = fmt.Errorf("the model's chat template refuses this conversation: %s", string(msg))
		return
	}
	if e, ok := r.(error); ok {
		*err = e
	} else if r != nil {
		*err = fmt.Errorf("%v", r)
	}
	if *err != nil {
		// gonja quotes the whole template in its messages; the last part tells what is wrong.
		text := (*err).Error()
		if i := strings.LastIndex(text, "': "); i >= 0 && len(text) > 300 {
			text = text[i+3:]
		}
		if len(text) > 300 {
			text = text[:300] + "…"
		}
		*err = fmt.Errorf("the model's chat template cannot be used: %s", text)
	}
}

// limited collects the output up to maxOutput.
type limited struct{ b strings.Builder }

func (l *limited) Write(p []byte) (int, error) {
	if l.b.Len()+len(p) > maxOutput {
		return 0, fmt.Errorf("its text is longer than %d bytes", maxOutput)
	}
	return l.b.Write(p)
}
