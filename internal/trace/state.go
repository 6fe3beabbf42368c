package trace

import (
	"cmp"
	"fmt"
	"slices"
)

// State folds events into what a view shows:
//
//	events ─▶ Apply ─▶ State ─▶ KeptMask, ScoresAt, Curve, CellInfo, Savings, Diff
//
// Apply takes time in proportion to its event, so a live view can follow a run. Every query is
// safe on a partial trace and on one written to harm: what is missing or out of range is
// reported as absent. A State is not safe for concurrent use; Snapshot makes a copy that is
// independent of further events. The zero State is an empty one.
type State struct {
	// Schema and Version are those of the writer.
	Schema  int
	Version string
	Time    string
	Request Request
	// Model and Picture are nil until their events came.
	Model   *Model
	Picture *Picture
	// Tokens are the prompt's rows; rows in events index them.
	Tokens []Token
	// Dense and Pruned are nil until their side starts; Pruned is the side of the first stack.
	Dense, Pruned *Side
	// Sides are the pruned sides that have started, in the order of Request.Stacks.
	Sides []*Side
	// Drawing is nil until its event came, and of an answer.
	Drawing *Drawing
	// Acting is nil until its event came, and of a run without a robot; Episodes are its episodes so
	// far, Acted is nil until the run ended.
	Acting   *Acting
	Episodes []*Episode
	Acted    *Acted
	// Points are those of a sweep that have come, by Index.
	Points []Point

	Notices []string
	// Error is a sentence; empty where nothing failed.
	Error string

	// Running: started and not yet ended.
	Running, Cancelled, Ended bool
	// TotalMS (measured) and PeakMemory (bytes, measured) are known once Ended.
	TotalMS    float64
	PeakMemory int64

	rows, cols int         // of the patch grid, 0 where there is none
	cells      []int       // sequence index of each cell, row by row; -1: no token
	cellOf     map[int]int // its inverse
	unknown    map[string]bool
}

// Side is what one run of the request did so far.
type Side struct {
	Name string // Dense or SideName(Index)
	// Index is that of its stack in Request.Stacks, -1 for the dense side.
	Index int
	// Label names it for people; no two sides of a run have the same (see Request.Labels).
	Label         string
	Started, Done bool
	Words         []Word
	// Text is the answer so far.
	Text string
	// Summary is nil until Done.
	Summary *SideDone
	// Layers is indexed by layer and as long as the highest one seen.
	Layers []LayerState
	// Denoised are the steps of a drawing side so far, in order; Drawn is nil until it is done.
	Denoised []Denoised
	Drawn    *Drawn
	// Seen is nil where nobody looked at the picture.
	Seen *Seen
	// Decisions are in the order made; those made while decoding lie between the prompt's.
	Decisions []Decision

	state *State
	// prompt are the indices of the Decisions made before the first word; neurons are among them,
	// though decoding feels them. byStep are those made while answering, lasting the part of these
	// that later steps feel too.
	prompt, lasting []int32
	byStep          [][]int32
}

// LayerState is what a layer computed in prefill.
type LayerState struct {
	// Seen is false where the layer has not reported.
	Seen bool
	// Rows are ascending sequence rows; nil means all.
	Rows  []int
	N     int
	FLOPs int64
}

// Bounds on what a trace may claim; a real one stays far below.
const (
	maxLayers  = 4096
	maxCells   = 1 << 16
	maxNeurons = 1 << 20
	maxPoints  = 1 << 12
	maxSteps   = 1 << 16
	maxFacts   = 64
)

// Fold applies all events to a new State.
func Fold(events []Event) *State {
	s := new(State)
	for _, e := range events {
		s.Apply(e)
	}
	return s
}

// Apply folds in the next event. Started begins anew, but for an acting run that continues.
func (s *State) Apply(e Event) {
	switch e := e.(type) {
	case Started:
		if s.continues(e.Request) {
			s.Request, s.Running, s.Ended, s.Cancelled, s.Error = e.Request, true, false, false, ""
			return
		}
		*s = State{Schema: e.Schema, Version: e.Version, Time: e.Time, Request: e.Request, Running: true}
	case Model:
		if e.Layers < 0 || e.Layers > maxLayers || e.FFN < 0 || e.FFN > maxNeurons {
			s.notice(fmt.Sprintf("the trace says that the model has %d layers and %d FFN neurons a layer, which cannot be; they are not shown", e.Layers, e.FFN))
			e.Layers, e.FFN = 0, 0
		}
		s.Model = &e
	case Picture:
		if e.Rows < 0 || e.Cols < 0 || e.Rows > maxCells || e.Cols > maxCells || int64(e.Rows)*int64(e.Cols) > maxCells {
			s.notice(fmt.Sprintf("the trace says that the patch grid has %d × %d cells, which cannot be; it is not shown", e.Rows, e.Cols))
			e.Rows, e.Cols = 0, 0
		}
		s.Picture = &e
		s.rows, s.cols = e.Rows, e.Cols
		s.placeCells()
	case Sequence:
		s.Tokens = e.Tokens
		s.placeCells()
	case SideStarted:
		if d := s.side(e.Side); d != nil {
			d.Started = true
		}
	case Layer:
		if d := s.side(e.Side); d != nil && e.Layer >= 0 && e.Layer < maxLayers {
			for len(d.Layers) <= e.Layer {
				d.Layers = append(d.Layers, LayerState{})
			}
			d.Layers[e.Layer] = LayerState{true, ascending(e.Rows), e.N, e.FLOPs}
		}
	case Decision:
		if d := s.side(e.Side); d != nil {
			d.decide(e)
		}
	case Word:
		if d := s.side(e.Side); d != nil {
			d.Words = append(d.Words, e)
			d.Text += e.Text
		}
	case Point:
		s.point(e)
	case SideDone:
		if d := s.side(e.Side); d != nil {
			d.Done, d.Summary = true, &e
			if e.Answer != "" {
				d.Text = e.Answer
			}
		}
	case Drawing:
		if e.Rows < 0 || e.Cols < 0 || e.Rows > maxCells || e.Cols > maxCells || int64(e.Rows)*int64(e.Cols) > maxCells {
			s.notice(fmt.Sprintf("the trace says that the denoiser has %d × %d tokens, which cannot be; they are not shown", e.Rows, e.Cols))
			e.Rows, e.Cols = 0, 0
		}
		s.Drawing, s.rows, s.cols = &e, e.Rows, e.Cols
	case Denoised:
		if d := s.side(e.Side); d != nil && len(d.Denoised) < MaxDrawSteps {
			d.Denoised = append(d.Denoised, e)
		}
	case Drawn:
		if d := s.side(e.Side); d != nil {
			d.Done, d.Drawn = true, &e
		}
	case Seen:
		if d := s.side(e.Side); d != nil {
			e.Facts = e.Facts[:min(len(e.Facts), maxFacts)]
			d.Seen = &e
		}
	case Acting, EpisodeStarted, Thought, Moved, EpisodeDone, Acted:
		s.acts(e)
	case Notice:
		s.notice(e.Text)
	case Failed:
		s.Error, s.Running = e.Error, false
	case Ended:
		s.Running, s.Ended, s.Cancelled = false, true, e.Cancelled
		s.TotalMS, s.PeakMemory = e.MS, e.PeakMemory
	case Unknown:
		if !s.unknown[e.Name] {
			if s.unknown == nil {
				s.unknown = map[string]bool{}
			}
			s.unknown[e.Name] = true
			s.notice(fmt.Sprintf("the trace holds %q events, which this winnow does not know; they are not shown", e.Name))
		}
	}
}

// decide folds in a decision, its lists in order.
func (d *Side) decide(e Decision) {
	if len(e.Share) != len(e.Rows) {
		e.Share = nil
	}
	if !slices.IsSorted(e.Rows) && e.Share != nil {
		order := make([]int, len(e.Rows))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(e.Rows[a], e.Rows[b]) })
		rows, share := make([]int, len(order)), make(Floats, len(order))
		for to, from := range order {
			rows[to], share[to] = e.Rows[from], e.Share[from]
		}
		e.Rows, e.Share = rows, share
	}
	e.Rows, e.Kept, e.Neurons = ascending(e.Rows), ascending(e.Kept), ascending(e.Neurons)
	at := int32(len(d.Decisions))
	d.Decisions = append(d.Decisions, e)
	switch {
	case e.Phase != "decode" || e.Kind == "neurons":
		d.prompt = append(d.prompt, at)
	case e.Step >= 0 && e.Step < maxSteps:
		for len(d.byStep) <= e.Step {
			d.byStep = append(d.byStep, nil)
		}
		d.byStep[e.Step] = append(d.byStep[e.Step], at)
		if e.lasts() {
			d.lasting = append(d.lasting, at)
		}
	}
}

// point keeps the points in order; one that comes again replaces itself.
func (s *State) point(p Point) {
	if p.Index < 0 || p.Index >= maxPoints {
		return
	}
	points := slices.Clone(s.Points) // a snapshot may hold the old list
	at, found := slices.BinarySearchFunc(points, p.Index, func(q Point, i int) int { return q.Index - i })
	if found {
		points[at] = p
	} else {
		points = slices.Insert(points, at, p)
	}
	s.Points = points
}

// Snapshot is a copy that stays as it is while more events are applied to s; it may be read by
// another goroutine. It shares what never changes.
func (s *State) Snapshot() *State {
	c := *s
	c.unknown, c.Episodes = nil, slices.Clone(s.Episodes)
	c.Dense, c.Pruned, c.Sides = s.Dense.snapshot(&c), nil, make([]*Side, len(s.Sides))
	for i, d := range s.Sides {
		if c.Sides[i] = d.snapshot(&c); d == s.Pruned {
			c.Pruned = c.Sides[i]
		}
	}
	return &c
}

func (d *Side) snapshot(of *State) *Side {
	if d == nil {
		return nil
	}
	c := *d
	c.state = of
	// Words and Decisions are only ever appended to, as is each list of their indices.
	c.Layers, c.byStep = slices.Clone(d.Layers), slices.Clone(d.byStep)
	return &c
}

func (s *State) notice(text string) { s.Notices = append(s.Notices, text) }

// placeCells finds the sequence index of each cell; the first visual token of a cell has it.
func (s *State) placeCells() {
	s.cells = make([]int, s.rows*s.cols)
	for i := range s.cells {
		s.cells[i] = -1
	}
	s.cellOf = map[int]int{} // a snapshot may hold the old one
	for i, t := range s.Tokens {
		if t.Kind != "visual" || t.Row < 0 || t.Row >= s.rows || t.Col < 0 || t.Col >= s.cols {
			continue
		}
		if c := t.Row*s.cols + t.Col; s.cells[c] < 0 {
			s.cells[c] = i
			s.cellOf[i] = c
		}
	}
}

// Grid is the size of the patch grid, 0 × 0 where there is none.
func (s *State) Grid() (rows, cols int) { return s.rows, s.cols }

// Visual is the sequence index of cell i, counted row by row, or -1.
func (s *State) Visual(i int) int {
	if i < 0 || i >= len(s.cells) {
		return -1
	}
	return s.cells[i]
}

// CellIndex is the sequence index of a cell; ok is false where no token stands for it.
func (s *State) CellIndex(row, col int) (seqIndex int, ok bool) {
	if row < 0 || row >= s.rows || col < 0 || col >= s.cols {
		return -1, false
	}
	i := s.cells[row*s.cols+col]
	return i, i >= 0
}

// VisualCount is the number of cells that have a token.
func (s *State) VisualCount() int {
	n := 0
	for _, i := range s.cells {
		if i >= 0 {
			n++
		}
	}
	return n
}

// LayerCount is the model's number of decoder layers, or as many as a side reported.
func (s *State) LayerCount() int {
	n := 0
	if s.Model != nil {
		n = s.Model.Layers
	}
	for _, d := range s.all() {
		n = max(n, len(d.Layers))
	}
	return n
}

// ascending returns rows in order; nil stays nil.
func ascending(rows []int) []int {
	if slices.IsSorted(rows) {
		return rows
	}
	rows = slices.Clone(rows)
	slices.Sort(rows)
	return rows
}
