package ref

import (
	"fmt"
	"runtime"

	"winnow/internal/compute"
)

// backend counts what its arrays and programs take.
type backend struct {
	threads int
	// arrays and programs hold what has not been freed.
	arrays   map[*array]bool
	programs map[*program]bool
}

// New returns a backend that computes on threads goroutines; below 1 means one for each
// processor that Go sees.
func New(threads int) compute.Backend {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	return &backend{threads, map[*array]bool{}, map[*program]bool{}}
}

func (b *backend) Device() compute.Device {
	return compute.Device{
		ID:          "ref",
		Description: "processor, without native libraries",
		Backend:     "ref " + runtime.Version(),
		Threads:     b.threads,
	}
}

// Compile checks the graph and plans its memory.
func (b *backend) Compile(g *compute.Graph) (compute.Program, error) {
	if err := g.Err(); err != nil {
		return nil, err
	}
	for _, n := range g.Nodes() {
		if err := b.check(n); err != nil {
			return nil, err
		}
	}
	p := newProgram(b, g.Nodes())
	b.programs[p] = true
	return p, nil
}

// check finds what the graph's constructors cannot know: whose arrays these are.
func (b *backend) check(n *compute.Tensor) error {
	switch n.Op {
	case compute.OpArray:
		a, ok := n.Array.(*array)
		if !ok || !b.arrays[a] {
			return fmt.Errorf("array %q was freed or belongs to another backend; make it with this one", n.Name)
		}
	case compute.OpSetRows:
		if a := root(n).Array.(*array); a.weight {
			return fmt.Errorf("set_rows: %q is a weight and cannot be written; make a state for it", a.name)
		}
	}
	return nil
}

// MemoryUsed counts widened weights, states and slots, not the caller's weight data.
func (b *backend) MemoryUsed() int64 {
	var n int64
	for a := range b.arrays {
		n += int64(a.Bytes())
	}
	for p := range b.programs {
		n += p.Bytes()
	}
	return n
}

func (b *backend) Close() error {
	for a := range b.arrays {
		a.Free()
	}
	for p := range b.programs {
		p.Free()
	}
	return nil
}
