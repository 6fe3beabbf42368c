package ref

import (
	"context"
	"fmt"
	"slices"

	"winnow/internal/compute"
)

// program is a graph with memory for its results.
type program struct {
	owner *backend
	nodes []*compute.Tensor
	// memory[i] is what node i fills: its own for an input or a wanted result, a slot shared
	// over time for the others, empty for views and arrays.
	memory []view
	bytes  int64
	// live marks nodes that an output or a write to an array depends on; others are passed over.
	live []bool
	// given marks inputs that have had data.
	given []bool
	// views[i] is node i's value in the present run.
	views []view
	// done: the last run came to its end, so outputs may be read.
	done bool
}

func newProgram(b *backend, nodes []*compute.Tensor) *program {
	p := &program{
		owner: b, nodes: nodes, live: live(nodes), given: make([]bool, len(nodes)),
		memory: make([]view, len(nodes)), views: make([]view, len(nodes)),
	}
	slot, sizes := plan(nodes, p.live)
	slots := make([][]float32, len(sizes))
	for i, n := range sizes {
		slots[i] = make([]float32, n)
		p.bytes += 4 * int64(n)
	}
	for i, n := range nodes {
		if slot[i] == noSlot {
			continue
		}
		p.memory[i] = packed(n.Shape)
		if n.Type == compute.I32 {
			p.memory[i].ints = make([]int32, n.Shape.Elements())
			p.bytes += 4 * int64(n.Shape.Elements())
		} else {
			p.memory[i].floats = slots[slot[i]][:n.Shape.Elements()]
		}
	}
	return p
}

// Run binds inputs and evaluates node after node.
func (p *program) Run(ctx context.Context, in ...compute.Binding) error {
	if p.memory == nil {
		return fmt.Errorf("the program was freed")
	}
	p.done = false
	for _, b := range in {
		if err := p.bind(b); err != nil {
			return err
		}
	}
	for i, n := range p.nodes {
		if ctx.Err() != nil {
			return compute.ErrCancelled
		}
		if !p.live[i] {
			continue
		}
		if n.Op == compute.OpInput && !p.given[i] {
			return fmt.Errorf("input %q has no data yet; bind it in the first run", n.Name)
		}
		v, err := p.eval(n)
		if err != nil {
			return fmt.Errorf("%v %q: %w", n.Op, n.Name, err)
		}
		p.views[i] = v
	}
	p.done = true
	return nil
}

func (p *program) has(t *compute.Tensor) bool {
	return t != nil && t.Index < len(p.nodes) && p.nodes[t.Index] == t
}

// bind copies data to an input's memory.
func (p *program) bind(b compute.Binding) error {
	if !p.has(b.To) || b.To.Op != compute.OpInput {
		return fmt.Errorf("data is bound to a tensor that is not an input of this graph")
	}
	n, m := b.To, p.memory[b.To.Index]
	given := -1
	switch d := b.Data.(type) {
	case []float32:
		if n.Type == compute.F32 {
			given = copy(m.floats, d) + excess(len(d), len(m.floats))
		}
	case []int32:
		if n.Type == compute.I32 {
			given = copy(m.ints, d) + excess(len(d), len(m.ints))
		}
	case []uint16:
		if n.Type == compute.F16 || n.Type == compute.BF16 {
			given = len(d)
			for i := range min(len(d), len(m.floats)) {
				m.floats[i] = fromHalf(n.Type, d[i])
			}
		}
	}
	if given < 0 {
		return fmt.Errorf("input %q is %v and cannot take %T", n.Name, n.Type, b.Data)
	}
	if want := n.Shape.Elements(); given != want {
		return fmt.Errorf("input %q takes %d numbers (%v), not %d", n.Name, want, n.Shape, given)
	}
	p.given[n.Index] = true
	return nil
}

func excess(given, room int) int { return max(given-room, 0) }

// output finds the value of a tensor to be read.
func (p *program) output(t *compute.Tensor, typ compute.Type, room int) (view, error) {
	switch {
	case p.memory == nil:
		return view{}, fmt.Errorf("the program was freed")
	case !p.has(t):
		return view{}, fmt.Errorf("the tensor to read is not in this graph")
	case !t.Wanted:
		return view{}, fmt.Errorf("%v %q %v was not marked as an output", t.Op, t.Name, t.Shape)
	case t.Type != typ:
		return view{}, fmt.Errorf("output %q is %v, not %v", t.Name, t.Type, typ)
	case room < t.Shape.Elements():
		return view{}, fmt.Errorf("output %q holds %d numbers, there is room for %d", t.Name, t.Shape.Elements(), room)
	case !p.done:
		return view{}, fmt.Errorf("output %q: the program has not run to its end", t.Name)
	}
	return p.views[t.Index], nil
}

func (p *program) ReadFloats(t *compute.Tensor, dst []float32) error {
	v, err := p.output(t, compute.F32, len(dst))
	if err != nil {
		return err
	}
	r := v.reader()
	for i := range v.shape.Rows() {
		copy(dst[i*v.shape[0]:], r.row(coords(v.shape, i)))
	}
	return nil
}

func (p *program) ReadInts(t *compute.Tensor, dst []int32) error {
	v, err := p.output(t, compute.I32, len(dst))
	if err == nil {
		copy(dst, v.list())
	}
	return err
}

func (p *program) Bytes() int64 { return p.bytes }

func (p *program) Free() {
	p.memory, p.views, p.bytes, p.done = nil, nil, 0, false
	delete(p.owner.programs, p)
}

const noSlot = -1

func live(nodes []*compute.Tensor) []bool {
	l := make([]bool, len(nodes))
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		l[i] = l[i] || n.Wanted || n.Op == compute.OpSetRows
		for _, s := range n.Src {
			l[s.Index] = l[s.Index] || l[i]
		}
	}
	return l
}

// root is the tensor whose memory t's value lies in.
func root(t *compute.Tensor) *compute.Tensor {
	for {
		switch t.Op {
		case compute.OpReshape, compute.OpPermute, compute.OpSlice, compute.OpSetRows:
			t = t.Src[0]
		default:
			return t
		}
	}
}

// plan gives every node that fills memory a slot, and says how many numbers each slot holds.
// A slot is free again after the last reader of its value; inputs and wanted values keep
// theirs for good. Integer results are few and get a slot number but no shared memory.
func plan(nodes []*compute.Tensor, live []bool) (slot, sizes []int) {
	slot = make([]int, len(nodes))
	last := make([]int, len(nodes)) // the last node that reads memory i
	for i, n := range nodes {
		slot[i] = noSlot
		last[i] = i
		for _, s := range n.Src {
			r := root(s).Index
			last[r] = max(last[r], i)
		}
	}
	for _, n := range nodes {
		if n.Wanted || n.Op == compute.OpInput {
			last[root(n).Index] = len(nodes)
		}
	}
	ends := make([][]int, len(nodes)+1) // slots that come free after node i
	var free []int
	for i, n := range nodes {
		switch {
		case root(n) != n || n.Op == compute.OpArray || !live[i] && n.Op != compute.OpInput:
			// a view, an array, or not computed: nothing to fill
		case n.Type == compute.I32:
			slot[i] = len(sizes)
			sizes = append(sizes, 0)
		case n.Op == compute.OpInput: // is filled before the first operation, wherever it stands
			slot[i] = len(sizes)
			sizes = append(sizes, n.Shape.Elements())
		default:
			slot[i] = take(&free, &sizes, n.Shape.Elements())
			ends[last[i]] = append(ends[last[i]], slot[i])
		}
		free = append(free, ends[i]...)
	}
	return slot, sizes
}

// take picks the smallest free slot that holds need, else grows the largest one.
func take(free, sizes *[]int, need int) int {
	best := -1
	for i, s := range *free {
		if best < 0 || better((*sizes)[s], (*sizes)[(*free)[best]], need) {
			best = i
		}
	}
	if best < 0 {
		*sizes = append(*sizes, need)
		return len(*sizes) - 1
	}
	s := (*free)[best]
	*free = slices.Delete(*free, best, best+1)
	(*sizes)[s] = max((*sizes)[s], need)
	return s
}

func better(a, b, need int) bool {
	if a >= need && b >= need {
		return a < b
	}
	return a > b
}
