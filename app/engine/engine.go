package engine

import (
	"context"

	"winnow/internal/trace"
)

// Engine runs requests, one at a time.
type Engine interface {
	// Run streams the events of one run to emit, in order, from one goroutine, and returns
	// after Ended. What went wrong in the run is in the Failed event and also returned. When
	// ctx ends, the run ends within 50 ms with Ended{Cancelled: true} and a nil error.
	Run(ctx context.Context, r trace.Request, emit func(trace.Event)) error
	// Prepare loads a model and encodes the picture, so that a following Run starts at once. It
	// is a hint: its failure shows in Run.
	Prepare(ctx context.Context, r trace.Request)
	// Models lists what can be asked for by name.
	Models(ctx context.Context) ([]ModelEntry, error)
	// Devices lists what Request.Device can be.
	Devices(ctx context.Context) ([]DeviceEntry, error)
	Close() error
}

// ModelEntry is a model known by name.
type ModelEntry struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Vision: it takes a picture.
	Vision bool `json:"vision"`
	// Draws: it makes pictures of text and answers nothing.
	Draws bool `json:"draws,omitempty"`
	// Acts: it says what a robot does next, and answers nothing.
	Acts bool `json:"acts,omitempty"`
	// Installed: it can run now; otherwise Install says how to get it.
	Installed bool   `json:"installed"`
	Install   string `json:"install,omitempty"`
	BuiltIn   bool   `json:"built_in"`
	Bytes     int64  `json:"bytes"`
	Licence   string `json:"licence"`
	// Note says what it is good for and what not.
	Note string `json:"note"`
}

// DeviceEntry is a device to compute on.
type DeviceEntry struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Backend     string `json:"backend"`
	Threads     int    `json:"threads"`
	MemoryFree  int64  `json:"memory_free"`
}
