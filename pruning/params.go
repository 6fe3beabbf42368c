package pruning

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A parameter is declared once, on its field:
//
//	Layer int     `param:"layer,1..,2" unit:"layers" help:"decide after this many layers"`
//	Keep  float64 `param:"keep,0..1,0.5" help:"share of visual tokens kept"`
//	Mode  string  `param:"mode,paper|release,paper" help:"the paper's rule or the released code's"`
//	Exact bool    `param:"exact,,true" help:"…"`
//
// The tag holds name, range (lowest..highest, either end open, or choices by |) and default.
// The command line, the window's controls, `winnow methods --json` and the trace come from it.

// Param is a declared parameter.
type Param struct {
	Name string `json:"name"`
	// Type is int, float, bool or choice.
	Type    string   `json:"type"`
	Default string   `json:"default"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
	Choices []string `json:"choices,omitempty"`
	Unit    string   `json:"unit,omitempty"`
	Help    string   `json:"help"`

	field int
}

// Params lists the parameters of a registered method in the order they are declared.
func Params(name string) []Param {
	registryMu.RLock()
	e, ok := registry[name]
	registryMu.RUnlock()
	if !ok {
		return nil
	}
	return declared(e.make())
}

func declared(m Method) []Param {
	t := reflect.TypeOf(m).Elem()
	var out []Param
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("param")
		if !ok {
			continue
		}
		parts := strings.SplitN(tag, ",", 3)
		if len(parts) != 3 {
			panic(fmt.Sprintf("pruning: tag %q of %s.%s is not name,range,default", tag, t, f.Name))
		}
		p := Param{Name: parts[0], Default: parts[2], Unit: f.Tag.Get("unit"), Help: f.Tag.Get("help"), field: i}
		switch f.Type.Kind() {
		case reflect.Int:
			p.Type = "int"
		case reflect.Float64:
			p.Type = "float"
		case reflect.Bool:
			p.Type = "bool"
		case reflect.String:
			p.Type, p.Choices = "choice", strings.Split(parts[1], "|")
		default:
			panic(fmt.Sprintf("pruning: %s.%s has a type that no control can show", t, f.Name))
		}
		if lo, hi, ok := strings.Cut(parts[1], ".."); ok && p.Choices == nil {
			p.Min, p.Max = bound(lo), bound(hi)
		}
		out = append(out, p)
	}
	return out
}

func bound(s string) *float64 {
	if s == "" {
		return nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("pruning: bad bound " + s)
	}
	return &v
}

// Check parses a value against the declaration.
func (p Param) Check(method, value string) (any, error) {
	bad := func(want string) error {
		return fmt.Errorf("%s of %s is %q; it takes %s", p.Name, method, value, want)
	}
	switch p.Type {
	case "bool":
		v, err := strconv.ParseBool(value)
		if err != nil {
			return nil, bad("true or false")
		}
		return v, nil
	case "choice":
		if !slices.Contains(p.Choices, value) {
			return nil, bad(strings.Join(p.Choices, " or "))
		}
		return value, nil
	case "int":
		v, err := strconv.Atoi(value)
		if err != nil || !p.inside(float64(v)) {
			return nil, bad("a whole number" + p.rangeText())
		}
		return v, nil
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || !p.inside(v) {
		return nil, bad("a number" + p.rangeText())
	}
	return v, nil
}

func (p Param) inside(v float64) bool {
	return (p.Min == nil || v >= *p.Min) && (p.Max == nil || v <= *p.Max)
}

func (p Param) rangeText() string {
	switch {
	case p.Min != nil && p.Max != nil:
		return fmt.Sprintf(" from %g to %g", *p.Min, *p.Max)
	case p.Min != nil:
		return fmt.Sprintf(" of at least %g", *p.Min)
	case p.Max != nil:
		return fmt.Sprintf(" of at most %g", *p.Max)
	}
	return ""
}

// setParams fills the defaults, then the given values.
func setParams(method string, m Method, given map[string]string) error {
	params := declared(m)
	names := map[string]bool{}
	v := reflect.ValueOf(m).Elem()
	for _, p := range params {
		names[p.Name] = true
		text, ok := given[p.Name]
		if !ok {
			text = p.Default
		}
		x, err := p.Check(method, text)
		if err != nil {
			return err
		}
		v.Field(p.field).Set(reflect.ValueOf(x))
	}
	for name := range given {
		if !names[name] {
			var have []string
			for _, p := range params {
				have = append(have, p.Name)
			}
			return fmt.Errorf("%s has no parameter %q; it takes %s", method, name, strings.Join(have, ", "))
		}
	}
	return nil
}
