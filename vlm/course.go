package vlm

import (
	"fmt"
	"slices"

	"winnow/pruning"
	"winnow/vlm/llama"
)

// place is where methods decide.
type place struct {
	phase pruning.Phase
	layer int
	at    pruning.Moment
}

// site is a method's visit to a place.
type site struct {
	method int
	pruning.Request
}

// due reports whether a decode site is visited when chosen tokens have been chosen.
func (v site) due(chosen int) bool { return v.Every <= 1 || chosen%v.Every == 0 }

// course is where a run stops, and who decides there.
type course struct {
	sites map[place][]site
	// cut marks the places of prefill after which other rows may go on.
	cut map[place]bool
	// lens lists what methods want to see on the logits beside them.
	lens []pruning.Probe
	// decides: some method does while decoding.
	decides bool
}

// streamKinds change which rows go on, so prefill is cut where they may happen.
var streamKinds = []string{"drop", "skip", "merge"}

// Admit says why the pipeline cannot carry these methods out, before anything is computed.
func (m *Model) Admit(methods []pruning.Stacked) error {
	_, err := m.course(methods)
	return err
}

func (m *Model) course(methods []pruning.Stacked) (course, error) {
	model := m.Decoder.Describe()
	c := course{sites: map[place][]site{}, cut: map[place]bool{}}
	for i, st := range methods {
		switch {
		case st.Info.Denoises():
			return course{}, fmt.Errorf("%s decides on denoising steps: it serves drawings (winnow draw), not answers; choose another method", st.Info.Title)
		case st.Info.Acts():
			return course{}, fmt.Errorf("%s decides inside a robot policy that was trained with routers, not in answers; choose another method", st.Info.Title)
		}
		requests, err := st.Method.Requests(model)
		if err != nil {
			return course{}, fmt.Errorf("%s cannot serve this model: %w", st.Info.Title, err)
		}
		for _, r := range requests {
			if err := c.add(site{i, r}, model.Layers); err != nil {
				return course{}, fmt.Errorf("%s %w", st.Info.Title, err)
			}
		}
		for _, claim := range st.Method.Claims(model) {
			if d := m.Backend.Device(); claim.Kind == "store" && d.Threads == 0 {
				return course{}, fmt.Errorf("%s keeps cached rows in packed codes, which only the processor reads: choose device cpu instead of %s, or another way to keep them", st.Info.Title, d.ID)
			}
			if claim.Phase == pruning.Prefill && slices.Contains(streamKinds, claim.Kind) {
				c.cut[place{pruning.Prefill, claim.Layer, pruning.LayerEnd}] = true
			}
		}
	}
	return c, nil
}

func (c *course) add(v site, layers int) error {
	p := place{v.Site.Phase, v.Site.Layer, v.Site.At}
	switch {
	case p.phase != pruning.Prefill && p.phase != pruning.Decode:
		return fmt.Errorf("decides in phase %v, which this pipeline does not offer; choose another method", p.phase)
	case p.at == pruning.OnLogits:
		if p.phase != pruning.Decode {
			return fmt.Errorf("decides on the logits in phase %v; they are a site of decode", p.phase)
		}
		p.layer = layers - 1
		for _, probe := range v.Probes {
			if probe.What == pruning.LogitLens && !slices.Contains(c.lens, probe) {
				c.lens = append(c.lens, probe)
			}
		}
	case p.layer >= layers || p.layer < 0 && (p.at != pruning.LayerEnd || p.phase != pruning.Prefill || p.layer < -1):
		return fmt.Errorf("decides %v %d, the model has layers 0 to %d", p.at, p.layer, layers-1)
	}
	c.sites[p] = append(c.sites[p], v)
	c.decides = c.decides || p.phase == pruning.Decode
	return nil
}

// The cuts that no method asks for keep memory and the time until a cancel bounded.
const (
	maxProbeBytes   = 64 << 20
	maxSegmentFLOPs = 20e9
)

// prefillEnd is where the segment of a prefill ends that begins at from.
func (s *Session) prefillEnd(c course, from llama.Point, rows int) llama.Point {
	cfg := s.m.Decoder.Config
	perLayer := 2 * float64(rows) * float64(cfg.Hidden) * float64(2*cfg.Heads*cfg.HeadDim+2*cfg.KVHeads*cfg.HeadDim+3*cfg.FFN)
	flops, bytes := 0.0, 0
	for p := from + 1; p < llama.Before(cfg.Layers); p++ {
		if p.Inside() {
			if len(c.sites[place{pruning.Prefill, p.Layer(), pruning.InAttention}]) > 0 {
				return p
			}
			continue
		}
		end := place{pruning.Prefill, p.Layer() - 1, pruning.LayerEnd}
		flops += perLayer
		if len(c.sites[end]) > 0 {
			bytes += 4 * rows * cfg.FFN
		}
		if c.cut[end] || bytes > maxProbeBytes || flops > maxSegmentFLOPs {
			return p
		}
	}
	return llama.Before(cfg.Layers)
}

// stepEnd is where the piece of a decode step ends that begins at from.
func (s *Session) stepEnd(c course, from llama.Point, chosen int) llama.Point {
	end := llama.Before(s.m.Decoder.Config.Layers)
	if !c.decides {
		return end
	}
	for p := from + 1; p < end; p++ {
		at := place{pruning.Decode, p.Layer(), pruning.InAttention}
		if !p.Inside() {
			at = place{pruning.Decode, p.Layer() - 1, pruning.LayerEnd}
		}
		if slices.ContainsFunc(c.sites[at], func(v site) bool { return v.due(chosen) }) {
			return p
		}
	}
	return end
}

// ended lists the layers that a graph between two points carries to their end.
func ended(from, to llama.Point) (first, behind int) { return from.Layer(), to.Layer() }

// early reports whether what a site at the end of layer l asks for is known in that layer's
// attention already: a graph that ends there has to look.
func early(p pruning.Probe, l int) bool {
	switch p.What {
	case pruning.QueryPre, pruning.KeyPre, pruning.Query, pruning.Key, pruning.Value, pruning.Attention, pruning.AttentionLogits:
		return p.Layer == l
	}
	return false
}

// probes lists what the sites of a phase that lie between two points want to see there.
func (c course) probes(phase pruning.Phase, from, to llama.Point, chosen int) []pruning.Probe {
	var out []pruning.Probe
	add := func(p pruning.Probe) {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	visit := func(p place, wanted func(pruning.Probe) bool) {
		for _, v := range c.sites[p] {
			if phase == pruning.Prefill || v.due(chosen) {
				for _, probe := range v.Probes {
					if wanted(probe) {
						add(probe)
					}
				}
			}
		}
	}
	every := func(pruning.Probe) bool { return true }
	first, behind := ended(from, to)
	for l := first; l < behind; l++ {
		visit(place{phase, l, pruning.LayerEnd}, func(p pruning.Probe) bool {
			return !(from == llama.Within(l) && early(p, l))
		})
	}
	if to.Inside() {
		l := to.Layer()
		visit(place{phase, l, pruning.LayerEnd}, func(p pruning.Probe) bool { return early(p, l) })
		visit(place{phase, l, pruning.InAttention}, every)
		if phase == pruning.Decode {
			add(pruning.Probe{What: pruning.AttentionLogits, Layer: l})
		}
	}
	for _, probe := range c.lens {
		if probe.Layer >= first && probe.Layer < behind || probe.Layer == -1 && from == llama.Before(0) {
			add(probe)
		}
	}
	return out
}
