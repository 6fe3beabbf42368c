package bench

import (
	"cmp"

	builtin "winnow/assets/models"
	"winnow/internal/compute/device"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm"
)

// Chance is the baseline that has what one run of a stack had.
type Chance struct {
	// What the budget is a share of: "visual tokens", "cache bytes", "cached rows"; "" where the
	// stack left nothing out.
	What string
	// Share is what the stack left, Left what the baseline leaves: it cannot go below one layer's
	// tokens.
	Share, Left float64
	// Stack is nil where What is "": the baseline is then dense.
	Stack []pruning.Stacked
}

// Equal finds chance's counterpart to a run of a stack on a prompt of so many rows, of which dense
// made what dense says: random, or a lot of cached rows where the stack acts on the cache alone.
func Equal(stack []pruning.Stacked, m pruning.Model, done, dense trace.SideDone, rows int) (Chance, error) {
	of := size{m.Layers, rows, dense.Visual, dense.KVBytes, dense.PrefillFLOPs}
	what := kindOf(done, of)
	if _, ok := declared(stack, m); ok {
		what = cmp.Or(what, ofRows)
	}
	if what == "" {
		return Chance{Share: 1, Left: 1}, nil
	}
	b := match(what, late(stack, m), done, stack, m, of)
	random, err := b.random(m)
	return Chance{what, b.share, b.left, random}, err
}

// Kept is the share of the visual tokens that a run kept, the mean over its layers; 1 without a
// picture.
func Kept(done trace.SideDone) float64 {
	if done.Visual == 0 || len(done.KeptByLayer) == 0 {
		return 1
	}
	return keptShare(done, size{layers: len(done.KeptByLayer), visual: done.Visual})
}

// Judge completes a comparison whose interval and counts are known: sign test and verdict.
func Judge(p Paired) Paired {
	p.P = signTest(p.Better, p.Worse)
	p.Verdict = NoDifference
	switch {
	case p.P < level && p.Low > 0 && p.Better > p.Worse:
		p.Verdict = ClearlyBetter
	case p.P < level && p.High < 0 && p.Better < p.Worse:
		p.Verdict = ClearlyWorse
	}
	return p
}

// OpenVLM loads a model that sees, built in (by name, or "") or by path, onto a device. close frees
// model and device.
func OpenVLM(model, projector, on string, threads int) (m *vlm.Model, name string, close func(), err error) {
	var s *source
	if b, ok := builtin.Find(model); ok {
		s = &source{name: b.Title, builtIn: true}
	} else if s, err = resolve(Options{Kind: VLM, Model: model, Projector: projector}); err != nil {
		return nil, "", nil, err
	}
	files, err := s.open()
	if err != nil {
		return nil, "", nil, err
	}
	if files.Projector == nil {
		files.Close()
		return nil, "", nil, errNoVision
	}
	backend, _, err := device.Open(on, threads)
	if err != nil {
		files.Close()
		return nil, "", nil, err
	}
	if m, err = vlm.Load(files, backend); err != nil {
		backend.Close()
		return nil, "", nil, err
	}
	return m, s.name, func() { m.Close(); backend.Close() }, nil
}
