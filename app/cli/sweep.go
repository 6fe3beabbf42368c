package cli

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"

	"winnow/app/engine"
	"winnow/internal/trace"
	"winnow/pruning"
)

type sweepCmd struct {
	Question question `embed:""`
	Method   []string `required:"" sep:"none" placeholder:"NAME[,KEY=VALUE…][+…]" help:"The method that is swept, with its other parameters; several act together, and the first that has the parameter is swept."`
	Param    string   `placeholder:"NAME" help:"The parameter that moves. Default: the one that says how much is kept (winnow methods marks it)."`
	From     *float64 `placeholder:"X" help:"The first value. Default: the lowest that the parameter takes."`
	To       *float64 `placeholder:"X" help:"The last value. Default: the highest."`
	Points   int      `default:"${points}" placeholder:"N" help:"The number of values from first to last. Default: ${points}."`
	Values   []string `placeholder:"X,Y,…" help:"The values themselves, instead of a range."`
	CSV      string   `name:"csv" placeholder:"FILE.csv" help:"Write the points as a table."`
	Figure   string   `placeholder:"FILE.png" help:"Draw quality against cost; the PNG carries its trace."`
	Trace    string   `placeholder:"FILE.jsonl" help:"Write the run to a file that winnow open and the window read."`
	JSON     bool     `help:"Print one JSON object instead of text."`
}

// defaultPoints gives steps of a tenth over 0 to 1.
const defaultPoints = 11

// Help shows examples.
func (sweepCmd) Help() string {
	return `The dense answer is followed token by token with each value of one parameter: how far the next-token distribution is from the dense one (KL, and how often both put the same token first), against what prefill and cache cost.

Examples:

    winnow sweep --image photo.jpg --prompt "How many dogs?" --method fastv
    winnow sweep --image photo.jpg --prompt "How many dogs?" --method zipvl --param tau --from 0.8 --to 1 --points 9
    winnow sweep --image photo.jpg --prompt "How many dogs?" --method fastv,keep=0.3 --param layer --values 1,2,4
    winnow sweep --image photo.jpg --prompt "How many dogs?" --method fastv --csv points.csv --figure sweep.png --trace run.jsonl`
}

func (c *sweepCmd) Run(env *Env) error {
	r, err := c.Question.request()
	if err != nil {
		return err
	}
	if r.Methods, err = methodSpecs(c.Method); err != nil {
		return err
	}
	if len(r.Methods) == 0 {
		return usagef("--method none has nothing to sweep; name a method")
	}
	if r.Sweep, err = c.sweep(r.Methods); err != nil {
		return err
	}
	show := &live{out: env.Out, notes: env.Err, quiet: c.JSON}
	bar := newPointBar(env.Err, "points")
	rec := c.Question.run(env, r, func(ev trace.Event, _ *trace.State) {
		if p, ok := ev.(trace.Point); ok {
			bar.at(p.Index+1, len(r.Sweep.Values))
			return
		}
		show.event(ev)
	})
	bar.done()
	show.end()
	if c.JSON {
		_ = printJSON(env.Out, rec.result())
	} else {
		printPoints(env.Out, rec.state)
	}
	return rec.finish(env, c.JSON, output{c.Trace, func(path string) error { return saveTrace(path, rec.events) }},
		output{c.CSV, func(path string) error { return savePoints(path, rec.state) }},
		output{c.Figure, func(path string) error { return saveFigure(path, rec.state, rec.events, nil) }})
}

// sweep finds the parameter and its values, and checks them.
func (c *sweepCmd) sweep(methods []trace.Spec) (*trace.Sweep, error) {
	i, p, err := sweptParam(methods, c.Param)
	if err != nil {
		return nil, err
	}
	w := &trace.Sweep{Method: i, Param: p.Name, Values: c.Values}
	if len(c.Values) > 0 {
		if c.From != nil || c.To != nil {
			return nil, usagef("--values are the points themselves; leave out --from and --to, or the values")
		}
	} else if w.Values, err = c.spread(methods[i].Name, p); err != nil {
		return nil, err
	}
	for _, v := range w.Values {
		if _, _, err := pruning.New(pruning.Spec(engine.WithParam(methods, i, p.Name, v)[i])); err != nil {
			return nil, usageError{err}
		}
	}
	return w, nil
}

// sweptParam finds the first method that has the parameter; "" is the first that has a budget.
func sweptParam(methods []trace.Spec, name string) (method int, p pruning.Param, err error) {
	for i, m := range methods {
		_, info, err := pruning.New(pruning.Spec(m))
		if err != nil {
			return 0, p, usageError{err}
		}
		for _, p := range pruning.Params(m.Name) {
			if p.Name == name || name == "" && p.Name == info.Budget {
				return i, p, nil
			}
		}
	}
	if name == "" {
		return 0, p, usagef("%s has no parameter that says how much is kept; choose one with --param (`winnow methods %s` lists them)", stackText(methods), methods[0].Name)
	}
	return 0, p, usagef("%s has no parameter %q; `winnow methods %s` lists them", stackText(methods), name, methods[0].Name)
}

// spread lays the points over the range, whole numbers for whole-numbered parameters.
func (c *sweepCmd) spread(method string, p pruning.Param) ([]string, error) {
	if p.Type == "bool" || p.Choices != nil {
		if c.From != nil || c.To != nil {
			return nil, usagef("%s of %s has no range; give its values with --values", p.Name, method)
		}
		if p.Choices == nil {
			return []string{"false", "true"}, nil
		}
		return p.Choices, nil
	}
	from, to := p.Min, p.Max
	if c.From != nil {
		from = c.From
	}
	if c.To != nil {
		to = c.To
	}
	switch {
	case from == nil:
		return nil, usagef("%s of %s has no lowest value; give --from", p.Name, method)
	case to == nil:
		return nil, usagef("%s of %s has no highest value; give --to", p.Name, method)
	case c.Points < 1 || c.Points > maxPoints:
		return nil, usagef("--points is %d; it takes a number from 1 to %d", c.Points, maxPoints)
	}
	var out []string
	for i := range c.Points {
		v := *from
		if c.Points > 1 {
			v += (*to - *from) * float64(i) / float64(c.Points-1)
		}
		if p.Type == "int" {
			v = math.Round(v)
		}
		// Ten digits: what adding up has left behind them is no part of a value.
		if text := strconv.FormatFloat(v, 'g', 10, 64); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out, nil
}

// maxPoints is as many as a run takes.
const maxPoints = 1000

// printPoints writes a sweep's table. The costs are shares of the dense side's.
func printPoints(w io.Writer, s *trace.State) {
	if s.Request.Sweep == nil || len(s.Points) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\tKL (nats)\ttop-1\tprefill FLOPs\tKV cache\tvisual kept\tfirst token\t\n", line(s.Request.Sweep.Param))
	fmt.Fprintln(t, "\tcomputed\tcomputed\tcounted\tcounted\tcounted\tmeasured\t")
	for _, p := range s.Points {
		fmt.Fprintf(t, "%s\t%s\t%s", line(p.Value), nats(p.KL), percent(p.Top1))
		for _, c := range []trace.Cost{trace.CostFLOPs, trace.CostKV, trace.CostKept} {
			text := "–"
			if share, ok := s.Cost(p, c); ok {
				text = percent(share)
			}
			fmt.Fprintf(t, "\t%s", text)
		}
		fmt.Fprintf(t, "\t%s\t\n", trace.Quantity(p.Summary.TTFTMS, "ms"))
	}
	t.Flush()
	fmt.Fprintf(w, "Agreement over %d tokens of the dense answer; costs are shares of the dense ones; visual tokens kept are the mean over the layers.\n", s.Points[0].Steps)
	if n := len(s.Request.Sweep.Values); len(s.Points) < n {
		fmt.Fprintf(w, "%d of %d values were computed.\n", len(s.Points), n)
	}
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" }

func nats(kl float64) string { return strconv.FormatFloat(kl, 'f', 4, 64) }
