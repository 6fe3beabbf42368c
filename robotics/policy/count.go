package policy

import (
	"context"
	"errors"
	"slices"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/tensors"
	"winnow/vision/preprocess"
)

// Count counts a run with a prompt of so many ids, without weights and without computing: the graphs
// are those of Run, the routers' numbers all equal.
func Count(c Config, prompt int, opt Options) (*Result, error) {
	p, err := New(c, newSketch(c), nowhere{}, tensors.AsStored)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	flat := func(n int) Range {
		z := make([]float64, n)
		return Range{Q01: z, Q99: z, Min: z, Max: z}
	}
	p.Statistics = map[string]Statistics{"none": {Action: flat(c.Action), Proprio: flat(c.Proprio)}}
	o := Observation{Prompt: make([]int, prompt), State: make([]float64, c.Proprio)}
	for range c.Images {
		side := c.Vision[0].Side()
		o.Pictures = append(o.Pictures, preprocess.Bytes{Pix: make([]uint8, 3*side*side), W: side, H: side})
	}
	return p.Run(context.Background(), o, opt)
}

// sketch is a source of a policy's tensors in BF16, all zero, large ones with their first rows only.
type sketch map[string]*checkpoint.Tensor

func newSketch(c Config) sketch {
	const whole = 1 << 21 // numbers; what is read into memory is smaller
	s := sketch{}
	for _, n := range c.Layout() {
		dims := slices.Clone(n.Shape)
		slices.Reverse(dims)
		size := checkpoint.BF16.RowBytes(compute.Dims(dims...).Elements())
		if size > 2*whole {
			size = checkpoint.BF16.RowBytes(dims[0] * (stopToken + 1))
		}
		s[n.Name] = &checkpoint.Tensor{Name: n.Name, Type: checkpoint.BF16, Dims: dims, Data: make([]byte, size)}
	}
	return s
}

// Tensor finds a tensor.
func (s sketch) Tensor(name string) (*checkpoint.Tensor, bool) {
	t, ok := s[name]
	return t, ok
}

// nowhere is a backend that checks graphs and computes nothing: every number read is 0.
type nowhere struct{}

func (nowhere) Device() compute.Device { return compute.Device{ID: "nowhere"} }
func (nowhere) Weight(name string, t compute.Type, s compute.Shape, _ []byte, _ compute.Use) (compute.Array, error) {
	return shaped{name, t, s}, nil
}
func (nowhere) State(name string, t compute.Type, s compute.Shape) (compute.Array, error) {
	return shaped{name, t, s}, nil
}
func (nowhere) Compile(g *compute.Graph) (compute.Program, error) { return idle{}, g.Err() }
func (nowhere) MemoryUsed() int64                                 { return 0 }
func (nowhere) Close() error                                      { return nil }

// idle is a program of nowhere.
type idle struct{}

func (idle) Run(ctx context.Context, _ ...compute.Binding) error { return ctx.Err() }
func (idle) ReadFloats(*compute.Tensor, []float32) error         { return nil }
func (idle) ReadInts(*compute.Tensor, []int32) error             { return nil }
func (idle) Bytes() int64                                        { return 0 }
func (idle) Free()                                               {}

// shaped is an array that is nowhere.
type shaped struct {
	name  string
	typ   compute.Type
	shape compute.Shape
}

var errNowhere = errors.New("this array only has a shape")

func (a shaped) Name() string            { return a.name }
func (a shaped) Type() compute.Type      { return a.typ }
func (a shaped) Shape() compute.Shape    { return a.shape }
func (a shaped) Bytes() int              { return 0 }
func (a shaped) Write(int, []byte) error { return nil }
func (a shaped) Read(int, []byte) error  { return errNowhere }
func (a shaped) Free()                   {}
