package compute

import "fmt"

// Graph is a list of operations in the order they were asked for. It is data: a backend
// compiles it, Cost counts it. Not safe for concurrent building.
type Graph struct {
	// nodes holds every tensor made, leaves included, each after its sources.
	nodes []*Tensor
	// err is the first mistake; constructors go on with placeholder tensors after it.
	err error
}

// Tensor is one value in a graph.
type Tensor struct {
	Op    Op
	Type  Type
	Shape Shape
	Src   []*Tensor
	// Ints and Floats are the operation's parameters in the order ops.go says.
	Ints   []int
	Floats []float32
	// Array is set on leaves that live on the device between runs.
	Array Array
	// Host is set on operations that Go code carries out.
	Host *HostOp
	// Name appears in errors and debugging dumps.
	Name string
	// Wanted: the value is read after a run, so its memory is not reused within one.
	Wanted bool
	// Index is the position in the graph's node list.
	Index int
	// contiguous: elements lie in order of dimensions without gaps.
	contiguous bool
}

// NewGraph returns an empty graph.
func NewGraph() *Graph { return &Graph{} }

// Nodes lists all tensors, sources first.
func (g *Graph) Nodes() []*Tensor { return g.nodes }

// Err is the first mistake made while building, or nil.
func (g *Graph) Err() error { return g.err }

// Output marks a tensor to be read after the run.
func (g *Graph) Output(t *Tensor) *Tensor {
	t.Wanted = true
	return t
}

// Named gives a tensor the name that errors and dumps use.
func (g *Graph) Named(t *Tensor, format string, args ...any) *Tensor {
	t.Name = fmt.Sprintf(format, args...)
	return t
}

// Input is a leaf whose data arrives with each run.
func (g *Graph) Input(name string, t Type, dims ...int) *Tensor {
	n := g.add(OpInput, t, Dims(dims...))
	n.Name = name
	for _, d := range n.Shape {
		if d < 1 {
			g.fail("input %q has shape %v: every dimension must be at least 1", name, n.Shape)
		}
	}
	return n
}

// Leaf puts a device array (weight or state) into the graph.
func (g *Graph) Leaf(a Array) *Tensor {
	if a == nil {
		g.fail("a leaf has no array behind it")
		return g.add(OpArray, F32, Dims(1))
	}
	n := g.add(OpArray, a.Type(), a.Shape())
	n.Array = a
	n.Name = a.Name()
	return n
}

func (g *Graph) add(op Op, t Type, s Shape, src ...*Tensor) *Tensor {
	n := &Tensor{Op: op, Type: t, Shape: s, Src: src, Index: len(g.nodes), contiguous: true}
	g.nodes = append(g.nodes, n)
	return n
}

// fail keeps the first mistake.
func (g *Graph) fail(format string, args ...any) {
	if g.err == nil {
		g.err = fmt.Errorf(format, args...)
	}
}

// label names a tensor in an error.
func (t *Tensor) label() string {
	if t.Name != "" {
		return fmt.Sprintf("%s %v %v", t.Name, t.Type, t.Shape)
	}
	return fmt.Sprintf("%v result %v %v", t.Op, t.Type, t.Shape)
}
