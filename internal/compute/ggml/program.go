package ggml

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"winnow/internal/compute"
)

// program is a lowered and allocated graph.
type program struct {
	b     *backend
	ctx   ptr
	graph ptr
	alloc ptr // ggml_gallocr, CPU only
	sched ptr // ggml_backend_sched, which splits a GPU's graph where an operation is missing
	all   []*compute.Tensor
	nodes []node // what each of all became
	live  []bool
	// given marks inputs that have had data.
	given []bool
	// tops holds, for inputs that name rows, how many rows there are.
	tops  map[int]int
	bytes int64
	// hosts are the operations that call back into Go.
	hosts []hostNode
	// small graphs are not worth waking a thread for.
	small bool
	// backends keeps the list that sched was made from.
	backends []ptr
}

// smallFLOPs: one thread computes these in the time that it takes to wake another.
const smallFLOPs = 3e6

// Compile implements compute.Backend.
func (b *backend) Compile(g *compute.Graph) (compute.Program, error) {
	if err := g.Err(); err != nil {
		return nil, err
	}
	all := g.Nodes()
	p := &program{b: b, all: all, nodes: make([]node, len(all)), live: live(all), given: make([]bool, len(all)), tops: tops(all),
		small: g.Cost().FLOPs < smallFLOPs}
	room := 64 // tensors that lowering may make
	for _, n := range all {
		room += 2 + len(n.Src)
		if n.Op == compute.OpArgmax {
			room += 16
		}
	}
	size := uintptr(room)
	p.ctx = b.init(initParams{memSize: size*b.tensor_overhead() + b.graph_overhead(size, false), noAlloc: true})
	for i, n := range all {
		if !p.live[i] {
			continue
		}
		low, err := p.lower(n)
		if err != nil {
			p.Free()
			return nil, err
		}
		p.nodes[i] = low
	}
	p.graph = b.new_graph_custom(p.ctx, size, false)
	for i, n := range all {
		// In the order they were asked for, so that what reads an array before a write does.
		if p.live[i] && n.Op != compute.OpInput && n.Op != compute.OpArray {
			b.build_forward(p.graph, p.nodes[i].t)
		}
	}
	if b.graph_n_nodes(p.graph) == 0 {
		p.Free()
		return nil, errors.New("the graph has no output and changes no array: nothing to compute")
	}
	if err := p.allocate(size); err != nil {
		p.Free()
		return nil, err
	}
	p.bindHosts()
	b.used.Add(p.bytes)
	return p, nil
}

// live marks what outputs and array writes depend on.
func live(all []*compute.Tensor) []bool {
	l := make([]bool, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		n := all[i]
		if n.Wanted || n.Op == compute.OpSetRows {
			l[i] = true
		}
		if l[i] {
			for _, s := range n.Src {
				l[s.Index] = true
			}
		}
	}
	return l
}

// tops finds the inputs that name rows. ggml ends the process at a row that is not there.
func tops(all []*compute.Tensor) map[int]int {
	t := map[int]int{}
	for _, n := range all {
		var rows *compute.Tensor
		switch n.Op {
		case compute.OpGetRows:
			rows = root(n.Src[1])
		case compute.OpSetRows:
			rows = root(n.Src[2])
		default:
			continue
		}
		if top, ok := t[rows.Index]; !ok || n.Src[0].Shape[1] < top {
			t[rows.Index] = n.Src[0].Shape[1]
		}
	}
	return t
}

func (p *program) allocate(size uintptr) error {
	b := p.b
	if b.isCPU {
		for i := range b.graph_n_nodes(p.graph) {
			if op := b.graph_node(p.graph, i); !b.dev_supports_op(b.dev, op) {
				return fmt.Errorf("device cpu cannot compute %s with these types; convert the weights to q8_0 or f16", b.op_desc(op))
			}
		}
		p.alloc = b.takeAllocator()
		// An allocator that served another graph takes one for the same whose counts and sizes are
		// alike, whatever its order; planning anew is what tells them apart.
		if !b.gallocr_reserve(p.alloc, p.graph) || !b.gallocr_alloc(p.alloc, p.graph) {
			return fmt.Errorf("no memory for the working set of %d operations%s", b.graph_n_nodes(p.graph), lastLog())
		}
		p.bytes = int64(b.gallocr_size(p.alloc, 0))
		return nil
	}
	p.backends = []ptr{b.handle, b.cpu}
	p.sched = b.sched_new(address(p.backends), 0, 2, size, false, false)
	if p.sched == 0 || !b.sched_alloc(p.sched, p.graph) {
		return fmt.Errorf("no memory on %s for the working set of %d operations%s", b.info.ID, b.graph_n_nodes(p.graph), lastLog())
	}
	p.bytes = int64(b.sched_size(p.sched, b.handle) + b.sched_size(p.sched, b.cpu))
	return nil
}

// maxSpare: the prefill of the next question and its decoding find their memory mapped already,
// which costs more to map than a small graph to compute.
const maxSpare = 2

// takeAllocator gives working memory for a graph: the largest that a freed program left, or new.
func (b *backend) takeAllocator() ptr {
	best := -1
	for i, s := range b.spare {
		if best < 0 || s.bytes > b.spare[best].bytes {
			best = i
		}
	}
	if best < 0 {
		return b.gallocr_new(b.dev_buffer_type(b.dev))
	}
	s := b.spare[best]
	b.spare = append(b.spare[:best], b.spare[best+1:]...)
	return s.alloc
}

func (b *backend) giveAllocator(alloc ptr, bytes int64) {
	if len(b.spare) == maxSpare || b.handle == 0 {
		b.gallocr_free(alloc)
		return
	}
	b.spare = append(b.spare, spareAlloc{alloc, bytes})
}

// spareAlloc is working memory that no program uses now.
type spareAlloc struct {
	alloc ptr
	bytes int64
}

func (p *program) Bytes() int64 { return p.bytes }

func (p *program) Free() {
	if p.ctx == 0 {
		return
	}
	p.freeHosts()
	if !p.b.immortal {
		if p.alloc != 0 {
			p.b.giveAllocator(p.alloc, p.bytes)
		}
		if p.sched != 0 {
			p.b.sched_free(p.sched)
		}
		p.b.free(p.ctx)
	}
	p.b.used.Add(-p.bytes)
	p.ctx = 0
}

// Run implements compute.Program.
func (p *program) Run(ctx context.Context, in ...compute.Binding) error {
	if ctx.Err() != nil {
		return compute.ErrCancelled
	}
	if p.ctx == 0 {
		return errors.New("the program was freed before this run")
	}
	for _, bind := range in {
		if err := p.set(bind); err != nil {
			return err
		}
	}
	for i, n := range p.all {
		if n.Op == compute.OpInput && p.live[i] && !p.given[i] {
			return fmt.Errorf("input %q has no data yet; bind it in the first run", n.Name)
		}
	}
	watched := p.b.abort.watch(ctx)
	var status int32
	if p.b.isCPU {
		if p.small && !p.b.streaking {
			p.b.useThreads(1)
		} else {
			p.b.useThreads(p.b.threads)
		}
		status = p.b.backend_compute(p.b.handle, p.graph)
	} else {
		status = p.b.sched_compute(p.sched, p.graph)
	}
	watched()
	switch {
	case status == 1 || ctx.Err() != nil:
		return compute.ErrCancelled
	case status != 0:
		return fmt.Errorf("device %s stopped computing with status %d%s; choose another with --device", p.b.info.ID, status, lastLog())
	}
	return nil
}

// set copies an input's data to the device.
func (p *program) set(bind compute.Binding) error {
	t := bind.To
	if !p.has(t) || t.Op != compute.OpInput {
		return fmt.Errorf("data is bound to %q, which is not an input of this graph", t.Name)
	}
	if !p.live[t.Index] {
		return nil
	}
	var (
		data ptr
		n    int
		typ  compute.Type
	)
	switch d := bind.Data.(type) {
	case []float32:
		data, n, typ = address(d), len(d), compute.F32
	case []int32:
		data, n, typ = address(d), len(d), compute.I32
	case []uint16:
		data, n, typ = address(d), len(d), compute.F16
	}
	if typ != t.Type || n != t.Shape.Elements() {
		return fmt.Errorf("input %q takes %d elements of %v, %T of length %d was given", t.Name, t.Shape.Elements(), t.Type, bind.Data, n)
	}
	if top, ok := p.tops[t.Index]; ok {
		rows, _ := bind.Data.([]int32)
		for i, r := range rows {
			if r < 0 || int(r) >= top {
				return fmt.Errorf("input %q names row %d at %d, where there are %d rows", t.Name, r, i, top)
			}
		}
	}
	p.given[t.Index] = true
	p.b.tensor_set(p.nodes[t.Index].t, data, 0, uintptr(t.Type.RowBytes(n)))
	keep(bind.Data)
	return nil
}

func (p *program) has(t *compute.Tensor) bool {
	return t != nil && t.Index < len(p.all) && p.all[t.Index] == t
}

func (p *program) ReadFloats(t *compute.Tensor, dst []float32) error {
	return p.read(t, compute.F32, len(dst), unsafe.Pointer(unsafe.SliceData(dst)))
}

func (p *program) ReadInts(t *compute.Tensor, dst []int32) error {
	return p.read(t, compute.I32, len(dst), unsafe.Pointer(unsafe.SliceData(dst)))
}

func (p *program) read(t *compute.Tensor, typ compute.Type, room int, dst unsafe.Pointer) error {
	n := t.Shape.Elements()
	if p.ctx == 0 || !p.has(t) || !p.live[t.Index] || !t.Wanted || t.Type != typ || room < n {
		return fmt.Errorf("output %q (%v %v) cannot be read as %d elements of %v", t.Name, t.Type, t.Shape, room, typ)
	}
	p.b.tensor_get(p.nodes[t.Index].t, ptr(dst), 0, uintptr(4*n))
	return nil
}

// ViewFloats implements compute.Viewer on the CPU.
func (p *program) ViewFloats(t *compute.Tensor) ([]float32, bool) {
	if !p.b.isCPU || p.ctx == 0 || t.Index >= len(p.nodes) || !p.live[t.Index] || !t.Wanted || t.Type != compute.F32 ||
		p.nodes[t.Index].nb != denseStrides(t.Type, t.Shape) {
		return nil, false
	}
	return unsafe.Slice(at[float32](p.b.get_data(p.nodes[t.Index].t)), t.Shape.Elements()), true
}
