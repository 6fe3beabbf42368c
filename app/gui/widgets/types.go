package widgets

// Action is a way on: a button with a label.
type Action struct {
	Label string
	Do    func()
	// Primary paints it in the accent; at most one of several should be.
	Primary bool
}

// Basis says how a number came about.
type Basis string

// A measured number was read off a clock, a counted one follows from graphs and caches.
const (
	Measured Basis = "measured"
	Counted  Basis = "counted"
)

func clamp01(v float64) float64 {
	if !(v > 0) { // NaN too
		return 0
	}
	if v > 1 {
		return 1
	}
	return v
}
