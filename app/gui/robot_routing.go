package gui

import (
	"fmt"
	"slices"

	"winnow/app/gui/widgets"
	"winnow/app/recording"
	"winnow/internal/trace"
	"winnow/robotics/policy/language"
)

const (
	// maxRouted bounds the layers and the rows drawn, maxMasked the rows of a mask: a real policy has
	// 32 layers, 512 visual rows and some hundred others.
	maxRouted = 1 << 12
	maxMasked = 1200
)

// showRouting writes which visual rows each layer computed.
func (r *robot) showRouting() {
	u := &r.ui
	t := r.thought(trace.Pruned)
	key := r.thoughtKey(t)
	if key != r.drawn.routing {
		r.drawn.routing = key
		rows, total := r.routing(t)
		u.routing.Set(rows)
		title := "Tokens routed through each layer"
		if len(rows) > 0 {
			title += fmt.Sprintf(", of %d", total)
		}
		u.routingTitle.SetText(title)
	}
	u.routing.SetSelected(r.layerShown())
}

// thoughtKey tells answers of the run apart.
func (r *robot) thoughtKey(t *trace.Thought) string {
	if t == nil {
		return fmt.Sprint("none ", r.w.look.Theme)
	}
	return fmt.Sprint(r.episode, " ", t.Step, t.MS, " ", r.w.look.Theme)
}

// routing is an answer's routing, and how many visual rows there are.
func (r *robot) routing(t *trace.Thought) (rows []widgets.RoutingRow, total int) {
	if t == nil || len(t.Layers) == 0 || len(t.Layers) > maxRouted {
		return nil, 0
	}
	total = recording.Rows(r.state().Acting, t)
	if total < 1 || total > maxRouted {
		return nil, 0
	}
	for _, l := range t.Layers {
		kept := make([]bool, total)
		for i := range kept {
			kept[i] = true
		}
		for _, i := range l.Skipped {
			if i >= 0 && i < total {
				kept[i] = false
			}
		}
		row := widgets.RoutingRow{Kept: kept, Note: l.Rule}
		if len(l.Probability) == total {
			row.Probability = l.Probability
		}
		rows = append(rows, row)
	}
	return rows, total
}

// rowName says which visual row it is: those of each camera follow each other.
func (r *robot) rowName(row int) string {
	a := r.state().Acting
	p := a.Player(trace.Pruned)
	if p == nil || p.Visual < 1 || row/p.Visual >= len(a.Cameras) {
		return fmt.Sprintf("row %d", row)
	}
	what := "patch"
	if p.Aggregates {
		what = "aggregation token"
	}
	return fmt.Sprintf("%s %d of camera %s", what, row%p.Visual, a.Cameras[row/p.Visual])
}

// layerShown is the layer chosen, else the last; -1 where there is none.
func (r *robot) layerShown() int {
	n := 0
	if t := r.thought(trace.Pruned); t != nil {
		n = len(t.Layers)
	}
	if r.layer >= 0 && r.layer < n {
		return r.layer
	}
	return n - 1
}

func (r *robot) chooseLayer(layer int) {
	t := r.thought(trace.Pruned)
	if t == nil || layer < 0 || layer >= len(t.Layers) {
		return
	}
	r.layer = layer
	r.showRouting()
	r.showMask()
}

// chooseVector shows one aggregation token's attention on the cameras, -1: the mean of all.
func (r *robot) chooseVector(i int) {
	r.vector = i
	r.showCameras()
	r.showWhere()
}

// showLooks writes what each aggregation token looks at.
func (r *robot) showLooks() {
	u, a := &r.ui, r.state().Acting
	if a != nil && len(a.Cameras) > 0 {
		names := a.Cameras[:min(len(a.Cameras), len(u.cameras))]
		r.camera = min(r.camera, len(names)-1)
		if !slices.Equal(names, r.drawn.tabs) {
			r.drawn.tabs = names
			u.cameraTabs.SetOptions(names)
		}
		u.cameraTabs.SetSelected(r.camera)
	}
	t := r.thought(trace.Pruned)
	key := fmt.Sprint(r.thoughtKey(t), r.camera, r.encoder)
	if key == r.drawn.looks {
		return
	}
	r.drawn.looks = key
	maps := r.lookMaps(t)
	hint := "What the aggregation tokens look at appears here."
	if t != nil && len(maps) == 0 {
		hint = "This policy has no aggregation tokens: every patch goes to the language model."
	}
	u.looks.SetHint(hint)
	u.looks.Set(maps)
	if r.vector >= len(maps) {
		r.vector = -1
	}
	u.looks.SetSelected(r.vector)
}

// showMask writes who may attend to whom in the layer chosen.
func (r *robot) showMask() {
	u := &r.ui
	t, layer := r.thought(trace.Pruned), r.layerShown()
	key := fmt.Sprint(r.thoughtKey(t), layer)
	if key == r.drawn.mask {
		return
	}
	r.drawn.mask = key
	title := "Attention mask"
	groups, sees := r.maskOf(t, layer)
	if sees != nil {
		title = fmt.Sprintf("Attention mask of layer %d", layer)
		if t.Bidirectional {
			title += ", all see all"
		}
	}
	u.maskTitle.SetText(title)
	u.mask.Set(groups, sees)
}

// relay lays the right column out anew where its panels got other heights. Refreshing it paints all
// of them, so it is not done at each look.
func (r *robot) relay() {
	t := r.thought(trace.Pruned)
	lines := fmt.Sprint(t == nil)
	if t != nil {
		lines = fmt.Sprint(len(t.Layers), len(t.Gate), t.Text, t.Slots)
		if l := t.Look(r.camera, r.encoder); l != nil {
			lines += fmt.Sprint(" ", l.Vectors)
		}
	}
	if lines != r.drawn.lines {
		r.drawn.lines = lines
		r.ui.results.Refresh()
	}
}

// maskOf is the mask over the rows that a layer computed: BOS, visual, state and prompt, actions.
func (r *robot) maskOf(t *trace.Thought, layer int) ([]widgets.MaskGroup, []bool) {
	if t == nil || layer < 0 || layer >= len(t.Layers) {
		return nil, nil
	}
	visual := recording.Rows(r.state().Acting, t)
	if t.Text < 2 || t.Slots < 1 || visual < 1 || t.Text > maxMasked || t.Slots > maxMasked || visual > maxMasked || t.Text+t.Slots+visual > maxMasked {
		return nil, nil
	}
	skipped := map[int]bool{}
	for _, i := range t.Layers[layer].Skipped {
		skipped[i] = true
	}
	f := language.Frame{Rows: t.Text + visual + t.Slots, Visual: visual, Actions: t.Slots, Bidirectional: t.Bidirectional}
	var kept []int
	for row := range f.Rows {
		if row < 1 || row > visual || !skipped[row-1] {
			kept = append(kept, row)
		}
	}
	n := len(kept) - t.Text - t.Slots
	return []widgets.MaskGroup{{Name: "BOS", N: 1}, {Name: "visual", N: n}, {Name: "text", N: t.Text - 1}, {Name: "actions", N: t.Slots}}, f.Sees(kept)
}
