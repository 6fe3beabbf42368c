package policy

import (
	"context"
	"fmt"
	"slices"

	"winnow/pruning"
	"winnow/robotics/policy/language"
)

// Model is what a method may know of the language model.
func (c Config) Model() pruning.Model {
	l := c.Language
	return pruning.Model{Layers: l.Layers, Hidden: l.Hidden, Heads: l.Heads, KVHeads: l.KVHeads, HeadDim: l.HeadDim(), FFN: l.Inner,
		Vocabulary: l.Vocabulary, Activation: "silu", Gated: true}
}

// Tokens describes the rows of a sequence with this prompt. A visual row is an aggregation vector:
// its cell is its number in the picture, in row 0, unless it is a patch.
func (c Config) Tokens(prompt []int) []pruning.Token {
	var out []pruning.Token
	add := func(t pruning.Token) {
		if t.Kind != pruning.Visual {
			t.Picture = -1
		}
		t.Position = len(out)
		out = append(out, t)
	}
	add(pruning.Token{Kind: pruning.Special, ID: prompt[0]})
	for i := range c.Visual() {
		n := c.Vision[0].Out()
		t := pruning.Token{Kind: pruning.Visual, Part: pruning.User, Picture: i / n, Col: i % n, ID: -1}
		if c.Vision[0].Aggregation == 0 {
			t.Row, t.Col = i%n/c.Vision[0].Grid, i%n%c.Vision[0].Grid
		}
		add(t)
	}
	if c.Proprio > 0 {
		add(pruning.Token{Kind: pruning.Proprio, Part: pruning.User, ID: -1})
	}
	for _, id := range prompt[1:] {
		add(pruning.Token{Kind: pruning.Text, Part: pruning.User, ID: id})
	}
	for range c.Chunk * c.Action {
		add(pruning.Token{Kind: pruning.Action, Part: pruning.Answer, ID: -1})
	}
	if c.Bins == 0 {
		add(pruning.Token{Kind: pruning.Special, Part: pruning.Answer, ID: stopToken})
	}
	return out
}

// route runs the language model from site to site and returns the states of the chunk.
func (p *Policy) route(ctx context.Context, o Observation, opt Options, r *Result) ([]float32, error) {
	model, tokens := p.Config.Model(), p.Config.Tokens(o.Prompt)
	for l := range model.Layers {
		r.Layers = append(r.Layers, Layer{Routed: p.Config.Language.Routed(l) && !opt.Plain})
	}
	var requests []pruning.Request
	if opt.Method != nil {
		var err error
		if requests, err = opt.Method.Requests(model); err != nil {
			return nil, err
		}
	}
	at, memory := 0, any(nil)
	var known []float32
	run := func(plan language.Plan) ([]float32, error) {
		plan.From, plan.Known, plan.Plain = at, known, opt.Plain
		for l := at; l < plan.To; l++ {
			plan.Skipped = append(plan.Skipped, r.Layers[l].Skipped)
		}
		out, err := p.session.Run(ctx, plan)
		r.LanguageCost = r.LanguageCost.Add(out.Cost)
		at, known = plan.To, out.Probability
		return out.States, err
	}
	for _, request := range requests {
		site := request.Site
		if err := serves(request, at); err != nil {
			return nil, err
		}
		plan := language.Plan{To: site.Layer + 1, Router: -1}
		if len(request.Probes) > 0 {
			plan.Router = site.Layer + 1
		}
		if plan.To > at || plan.Router >= 0 {
			if _, err := run(plan); err != nil {
				return nil, err
			}
		}
		values := map[pruning.Probe]pruning.Matrix{}
		for _, probe := range request.Probes {
			values[probe] = pruning.Matrix{Rows: len(tokens), Cols: 1, Data: known}
			r.Layers[probe.Layer].Probability = known
		}
		seen := pruning.NewSeen(site, model, tokens, values)
		seen.Memory = memory
		out, err := opt.Method.Decide(seen)
		if err != nil {
			return nil, err
		}
		memory = out.Memory
		if err := r.apply(out.Decisions, at, model); err != nil {
			return nil, err
		}
	}
	return run(language.Plan{To: model.Layers, Router: -1, Final: true})
}

// serves refuses sites and probes that a policy does not have.
func serves(r pruning.Request, at int) error {
	s := r.Site
	if s.Phase != pruning.Act || s.At != pruning.LayerEnd || s.Layer+1 < at {
		return fmt.Errorf("a site in phase %v at layer %d, %v, is not one of a policy's: it decides after layers of its one pass, in order", s.Phase, s.Layer, s.At)
	}
	for _, p := range r.Probes {
		if p != (pruning.Probe{What: pruning.Router, Layer: s.Layer + 1}) {
			return fmt.Errorf("%v is not shown after layer %d: a policy shows what the router of the layer that follows says of all rows", p, s.Layer)
		}
	}
	return nil
}

// apply notes decisions for the layers from at on.
func (r *Result) apply(decisions []pruning.Decision, at int, m pruning.Model) error {
	for _, d := range decisions {
		skip, ok := d.(*pruning.Skip)
		if !ok {
			return fmt.Errorf("a decision to %s cannot be carried out by a policy: it lets rows skip layers", d.Kind())
		}
		if skip.From < at || skip.To >= m.Layers || skip.From > skip.To || skip.Positions != pruning.Renumbered {
			return fmt.Errorf("rows would skip layers %d to %d with positions %v: a policy lets them skip layers from %d to %d, and numbers the others anew", skip.From, skip.To, skip.Positions, at, m.Layers-1)
		}
		for l := skip.From; l <= skip.To; l++ {
			y := &r.Layers[l]
			y.Skipped = append(slices.Clone(y.Skipped), skip.Rows...)
			slices.Sort(y.Skipped)
			y.Skipped = slices.Compact(y.Skipped)
			y.Rule = skip.Rule
		}
	}
	return nil
}
