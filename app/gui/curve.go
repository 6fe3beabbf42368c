package gui

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"winnow/internal/trace"
	"winnow/pruning"
)

// curve is the points of one sweep, those to come nil.
type curve struct {
	key    string
	param  pruning.Param
	values []string
	points []*trace.Point
	// request asks for all values; head are the events before the first point: the model, the
	// picture, the dense answer.
	request trace.Request
	head    []trace.Event
	// dense is folded from head, nil before the first point.
	dense *trace.State
	// failed says why there will be no more points.
	failed string
}

// budget is the first method that takes part and has a budget: its place in the form and the
// parameter.
func budget(stages []stage) (at int, p pruning.Param, ok bool) {
	for i, s := range stages {
		name := infoOf(s.Name).Budget
		if s.Off || name == "" {
			continue
		}
		for _, p := range pruning.Params(s.Name) {
			if p.Name == name && (p.Type == "float" || p.Type == "int") && p.Min != nil && p.Max != nil && *p.Max > *p.Min {
				return i, p, true
			}
		}
	}
	return 0, pruning.Param{}, false
}

// sweepValues are spread evenly over a range up to its upper end; the lower one, which may keep
// nothing, is left out.
func sweepValues(p pruning.Param) []string {
	var out []string
	for i := 1; i <= sweepPoints; i++ {
		v := *p.Min + (*p.Max-*p.Min)*float64(i)/sweepPoints
		if p.Type == "int" {
			v = math.Round(v)
		}
		if text := budgetText(p, v); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// budgetText writes a value as the parameter's declaration takes it.
func budgetText(p pruning.Param, v float64) string {
	v = math.Max(*p.Min, math.Min(v, *p.Max))
	if p.Type == "int" {
		return strconv.Itoa(int(math.Round(v)))
	}
	return strconv.FormatFloat(math.Round(v*1e4)/1e4, 'f', -1, 64)
}

// sweepOf is the sweep that belongs to a form and picture; ok is false where there is none.
func sweepOf(f form, in *input) (c *curve, ok bool) {
	at, p, ok := budget(f.Methods)
	if !ok || in == nil || in.Grey {
		return nil, false
	}
	c = &curve{param: p, values: sweepValues(p), request: f.request(in)}
	c.points = make([]*trace.Point, len(c.values))
	n := len(specs(f.Methods[:at]))
	// The value in force is no part of what the curve depends on.
	c.request.Methods[n].Params = withoutParam(c.request.Methods[n].Params, p.Name)
	k := c.request
	k.Picture, k.PictureName, k.PictureData = in.SHA256, "", nil
	c.request.Sweep = &trace.Sweep{Method: n, Param: p.Name, Values: c.values}
	k.Sweep = c.request.Sweep
	b, err := json.Marshal(k)
	c.key = string(b)
	return c, err == nil
}

func withoutParam(params map[string]string, name string) map[string]string {
	out := map[string]string{}
	for k, v := range params {
		if k != name {
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// with are the values and points with one more value in its place.
func (c *curve) with(value string) (values []string, points []*trace.Point) {
	if slices.Contains(c.values, value) {
		return c.values, c.points
	}
	number := func(s string) float64 {
		v, _ := strconv.ParseFloat(s, 64) // both are checked against the declaration
		return v
	}
	at := len(c.values)
	for i, v := range c.values {
		if number(v) > number(value) {
			at = i
			break
		}
	}
	return slices.Insert(slices.Clone(c.values), at, value), slices.Insert(slices.Clone(c.points), at, nil)
}

// missing are the values without a point, the one in force first.
func (c *curve) missing(now string) []string {
	var out []string
	for i, p := range c.points {
		if p == nil {
			out = append(out, c.values[i])
		}
	}
	slices.SortStableFunc(out, func(a, b string) int {
		switch now {
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	return out
}

// take adds what a sweep's events say; it reports whether there was a new point.
func (c *curve) take(events []trace.Event) (news bool) {
	for _, e := range events {
		p, ok := e.(trace.Point)
		if !ok {
			continue
		}
		if i := slices.Index(c.values, p.Value); i >= 0 && c.points[i] == nil {
			p.Index = i
			c.points[i] = &p
			news = true
		}
	}
	return news
}

// sweep asks for some values.
func (c *curve) sweep(values []string) *trace.Sweep {
	s := *c.request.Sweep
	s.Values = values
	return &s
}

// state folds the curve into what figures and tables are made of, with the events that a file
// takes.
func (c *curve) state() (*trace.State, []trace.Event) {
	events := slices.Clone(c.head)
	for i, e := range events {
		if s, ok := e.(trace.Started); ok {
			s.Request.Sweep = c.sweep(c.values)
			events[i] = s
		}
	}
	for _, p := range c.points {
		if p != nil {
			events = append(events, *p)
		}
	}
	events = append(events, trace.Ended{})
	return trace.Fold(events), events
}

// keepHead sets what comes before the first point aside.
func (c *curve) keepHead(events []trace.Event) {
	for _, e := range events {
		if _, ok := e.(trace.Point); ok {
			break
		}
		c.head = append(c.head, e)
	}
	c.dense = trace.Fold(c.head)
}
