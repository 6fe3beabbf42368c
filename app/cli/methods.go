package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"winnow/pruning"
)

type methodsCmd struct {
	Name string `arg:"" optional:"" help:"Show this method only."`
	JSON bool   `help:"Print JSON."`
}

// Help shows examples.
func (methodsCmd) Help() string {
	return `Examples:

    winnow methods
    winnow methods fastv
    winnow methods --json`
}

type methodJSON struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Paper      string   `json:"paper"`
	Removes    string   `json:"removes"`
	Stage      []string `json:"stage"`
	Provenance string   `json:"provenance"`
	Needs      string   `json:"needs,omitempty"`
	// Budget names the parameter that says how much is kept.
	Budget     string      `json:"budget,omitempty"`
	Parameters []paramJSON `json:"parameters"`
}

type paramJSON struct {
	pruning.Param
	Range string `json:"range"`
}

func (c *methodsCmd) Run(env *Env) error {
	infos := pruning.Infos()
	if c.Name != "" {
		_, info, err := pruning.New(pruning.Spec{Name: c.Name})
		if err != nil {
			return usageError{err}
		}
		infos = []pruning.Info{info}
	}
	list := make([]methodJSON, 0, len(infos))
	for _, i := range infos {
		list = append(list, describe(i))
	}
	if c.JSON {
		return printJSON(env.Out, list)
	}
	for i, m := range list {
		if i > 0 {
			fmt.Fprintln(env.Out)
		}
		printMethod(env.Out, m)
	}
	return nil
}

func describe(i pruning.Info) methodJSON {
	m := methodJSON{Name: i.Name, Title: i.Title, Paper: i.Paper, Removes: i.Removes, Stage: []string{},
		Provenance: string(i.Provenance), Needs: i.Needs, Budget: i.Budget, Parameters: []paramJSON{}}
	for _, s := range i.Stages {
		m.Stage = append(m.Stage, s.String())
	}
	for _, p := range pruning.Params(i.Name) {
		m.Parameters = append(m.Parameters, paramJSON{p, rangeText(p)})
	}
	return m
}

// rangeText writes the range as the declaration does: 0..1, 1.., paper|release.
func rangeText(p pruning.Param) string {
	switch {
	case p.Type == "bool":
		return "true|false"
	case p.Choices != nil:
		return strings.Join(p.Choices, "|")
	}
	end := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	return end(p.Min) + ".." + end(p.Max)
}

func printMethod(w io.Writer, m methodJSON) {
	fmt.Fprintf(w, "%s: %s (%s)\n", m.Name, m.Title, m.Provenance)
	fmt.Fprintf(w, "  removes  %s\n", m.Removes)
	fmt.Fprintf(w, "  stage    %s\n", strings.Join(m.Stage, ", "))
	if m.Needs != "" {
		fmt.Fprintf(w, "  needs    %s\n", m.Needs)
	}
	if m.Paper != "" {
		fmt.Fprintf(w, "  paper    %s\n", m.Paper)
	}
	if m.Budget != "" {
		fmt.Fprintf(w, "  budget   %s: the parameter that winnow sweep moves, the higher the more is kept\n", m.Budget)
	}
	if len(m.Parameters) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  parameter\ttype\trange\tdefault\tunit\t")
	for _, p := range m.Parameters {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", p.Name, p.Type, p.Range, p.Default, p.Unit, p.Help)
	}
	t.Flush()
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
