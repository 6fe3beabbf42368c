package compute

import (
	"context"
	"errors"
)

// ErrCancelled is returned by Run when its context ended before the graph did.
var ErrCancelled = errors.New("cancelled")

// Device says where arithmetic happens.
type Device struct {
	// ID is what a user writes: cpu, vulkan:0, cuda:0, ref.
	ID string `json:"id"`
	// Description names the hardware.
	Description string `json:"description"`
	// Backend names the implementation and its version.
	Backend string `json:"backend"`
	// Threads is the number of CPU threads used (0 on a GPU).
	Threads int `json:"threads"`
	// MemoryFree and MemoryTotal are in bytes, 0 when unknown.
	MemoryFree  int64 `json:"memory_free"`
	MemoryTotal int64 `json:"memory_total"`
}

// Use says what a weight is for, which decides how a backend may store it.
type Use int

const (
	// UseMatrix: only ever the first argument of MulMat; a backend may keep it repacked.
	UseMatrix Use = iota
	// UseMatrixBriefly: the same for a short time, so that its memory is not shared with
	// weights that last.
	UseMatrixBriefly
	// UseAny: rows are gathered, or it is added or multiplied: stored as given.
	UseAny
)

// Array is memory on the device that outlives a run.
type Array interface {
	Name() string
	Type() Type
	Shape() Shape
	// Bytes is what it takes on the device; 0 for weights used in place from a mapped file.
	Bytes() int
	// Write and Read copy raw elements from or to byte offset off.
	Write(off int, p []byte) error
	Read(off int, p []byte) error
	Free()
}

// Backend compiles graphs for one device. Methods are not safe for concurrent use.
type Backend interface {
	Device() Device
	// Weight makes an array of data, which stays valid and unchanged until Free. On the CPU it
	// is used in place where alignment and use allow.
	Weight(name string, t Type, s Shape, data []byte, use Use) (Array, error)
	// State makes a zeroed array.
	State(name string, t Type, s Shape) (Array, error)
	// Compile checks the graph and readies it. A graph is compiled once.
	Compile(g *Graph) (Program, error)
	// MemoryUsed is what arrays and programs take now, in bytes; not what a backend keeps of
	// freed programs for the next one.
	MemoryUsed() int64
	Close() error
}

// Binding is an input with its data.
type Binding struct {
	To   *Tensor
	Data any // []float32, []int32 or []uint16 (F16), as To's type asks
}

// In binds data to an input.
func In[T float32 | int32 | uint16](to *Tensor, data []T) Binding { return Binding{to, data} }

// Program is a compiled graph.
type Program interface {
	// Run computes. Inputs not bound keep their last data. When ctx ends, Run stops after the
	// operation under way and returns ErrCancelled.
	Run(ctx context.Context, in ...Binding) error
	// ReadFloats copies an F32 output of the last run; dst holds at least its elements.
	ReadFloats(t *Tensor, dst []float32) error
	// ReadInts copies an I32 output.
	ReadInts(t *Tensor, dst []int32) error
	// Bytes is the working memory of the program.
	Bytes() int64
	Free()
}

// Viewer is a Program whose outputs lie in memory that the processor can read.
type Viewer interface {
	// ViewFloats is ReadFloats without the copy: the numbers stay valid until the next Run or
	// Free, and must not be changed. ok is false where the output has to be copied.
	ViewFloats(t *Tensor) (v []float32, ok bool)
}

// Streaker is a Backend that can be told that many small graphs will follow each other at once,
// as in decoding: its threads then wait awake. Between streaks they sleep, and leave the
// processor to whoever decides.
type Streaker interface {
	Streak(on bool)
}
