package ggml

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/ebitengine/purego"

	"winnow/internal/compute"
)

// A HostOp becomes a custom operation of ggml, whose threads all call one Go callback. The
// number that ggml hands back with it (its userdata) says which operation is meant: callbacks
// can never be freed, so there is one for the process.
var (
	hostCalls    sync.Map // uintptr → *hostCall
	lastHostCall atomic.Uintptr
	hostEntry    = sync.OnceValue(func() ptr { return purego.NewCallback(enterHost) })
)

// hostCall is a HostOp of an allocated program, with its memory.
type hostCall struct {
	do  compute.HostFunc
	dst []float32
	src []compute.HostTensor
}

// enterHost is void(struct ggml_tensor * dst, int ith, int nth, void * userdata).
func enterHost(_ ptr, part, parts int32, id ptr) uintptr {
	call, ok := hostCalls.Load(id)
	if !ok {
		panic(fmt.Sprintf("ggml calls host operation %d, which was freed", id))
	}
	c := call.(*hostCall)
	c.do(c.dst, c.src, int(part), int(parts))
	return 0
}

// everyThread is GGML_N_TASKS_MAX.
const everyThread = -1

// lowerHost makes the custom operation; its memory is known only after allocation, see bindHosts.
func (p *program) lowerHost(n *compute.Tensor) (ptr, error) {
	if !p.b.isCPU {
		return 0, fmt.Errorf("%s runs on the processor only, not on %s; choose --device cpu", n.Name, p.b.info.ID)
	}
	var args [compute.HostSources]ptr
	for i, s := range n.Src {
		if a, ok := root(s).Array.(*array); ok && a.repacked {
			return 0, fmt.Errorf("%s cannot read %q, whose matrix is repacked for the processor; load it with compute.UseAny", n.Name, a.name)
		}
		args[i] = p.nodes[s.Index].t
	}
	id := lastHostCall.Add(1)
	s := n.Shape
	t := p.b.custom_4d(p.ctx, int32(n.Type), int64(s[0]), int64(s[1]), int64(s[2]), int64(s[3]),
		address(args[:]), int32(len(n.Src)), hostEntry(), everyThread, id)
	keep(&args)
	p.hosts = append(p.hosts, hostNode{id, n})
	return t, nil
}

// hostNode is a lowered HostOp.
type hostNode struct {
	id ptr
	n  *compute.Tensor
}

// bindHosts notes where results and sources of the program's HostOps lie.
func (p *program) bindHosts() {
	for _, h := range p.hosts {
		c := &hostCall{do: h.n.Host.Do}
		c.dst = unsafe.Slice(at[float32](p.b.get_data(p.nodes[h.n.Index].t)), h.n.Shape.Elements())
		for _, s := range h.n.Src {
			t := compute.HostTensor{Type: s.Type, Shape: s.Shape, Strides: p.nodes[s.Index].nb}
			t.Bytes = unsafe.Slice(at[byte](p.b.get_data(p.nodes[s.Index].t)), compute.HostBytes(t.Type, t.Shape, t.Strides))
			c.src = append(c.src, t)
		}
		hostCalls.Store(h.id, c)
	}
}

func (p *program) freeHosts() {
	for _, h := range p.hosts {
		hostCalls.Delete(h.id)
	}
	p.hosts = nil
}
