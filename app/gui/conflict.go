package gui

import (
	"winnow/internal/trace"
	"winnow/pruning"
)

// standIn is a model to try a stack on before the one chosen has described itself: the shape of
// LLaVA-1.5-7B.
var standIn = pruning.Model{
	Layers: 32, Hidden: 4096, Heads: 32, KVHeads: 32, HeadDim: 128, FFN: 11008, Vocabulary: 32000,
	Activation: "silu", Gated: true,
}

// modelShape is what a run said about its model, as methods see it.
func modelShape(m *trace.Model) pruning.Model {
	p := pruning.Model{
		Layers: m.Layers, Hidden: m.Hidden, Heads: m.Heads, KVHeads: m.KVHeads, FFN: m.FFN, Vocabulary: m.Vocabulary,
		Activation: standIn.Activation, Gated: true,
	}
	if m.Heads > 0 {
		p.HeadDim = m.Hidden / m.Heads
	}
	return p
}

// conflict is why the stack cannot act together, empty where it can. A model that has not run yet
// may refuse a method that the stand-in takes, and the other way round, so only what two methods
// do to each other counts then.
func (w *window) conflict() string {
	if m := w.state().Model; m != nil && m.Heads > 0 && m.KVHeads > 0 && m.Layers > 0 && w.state().Request.Model == w.form.Model {
		return refusal(w.form.Methods, modelShape(m))
	}
	return standInConflict(w.form.Methods)
}

// standInConflict is what methods do to each other on a model that is not known yet.
func standInConflict(stages []stage) string {
	text := refusal(stages, standIn)
	if text == "" {
		return ""
	}
	for _, s := range stages {
		if refusal([]stage{s}, standIn) != "" {
			return ""
		}
	}
	return text
}

// refusal is why a model takes no such stack, empty where it does.
func refusal(stages []stage, m pruning.Model) string {
	var list []pruning.Spec
	for _, s := range specs(stages) {
		list = append(list, pruning.Spec{Name: s.Name, Params: s.Params})
	}
	if _, err := pruning.Stack(list, m); err != nil {
		return err.Error()
	}
	return ""
}

// showConflict says on the cards why methods cannot act together or, where they can, what the
// last run had against them.
func (w *window) showConflict() {
	text := w.conflict()
	if text == "" {
		text = w.state().Error
	}
	w.ui.stack.blame(text)
}
