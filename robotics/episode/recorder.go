package episode

import (
	"slices"
	"sync"
)

// Recorder takes the steps of a running policy one by one. It may be read while it records.
type Recorder struct {
	mu sync.Mutex
	ep Episode
}

// NewRecorder begins an episode. What about says must be valid; its steps are ignored.
func NewRecorder(about Episode) (*Recorder, error) {
	about.Steps = nil
	about.State, about.Action = slices.Clone(about.State), slices.Clone(about.Action)
	about.Cameras = slices.Clone(about.Cameras)
	if err := about.ValidateAbout(); err != nil {
		return nil, err
	}
	return &Recorder{ep: about}, nil
}

// Add appends a copy of a step, so that the caller can use its buffers again; pictures are kept as
// they are. A step that is not valid is refused with a sentence and changes nothing.
func (r *Recorder) Add(s Step) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ep.Steps) >= MaxSteps {
		return tooLong(len(r.ep.Steps) + 1)
	}
	r.ep.Steps = append(r.ep.Steps, s.clone())
	if err := r.ep.validateStep(len(r.ep.Steps) - 1); err != nil {
		r.ep.Steps = r.ep.Steps[:len(r.ep.Steps)-1]
		return err
	}
	return nil
}

// Len is the number of steps so far.
func (r *Recorder) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.ep.Steps)
}

// Episode is what was recorded so far. Later steps do not change it.
func (r *Recorder) Episode() *Episode {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.ep
	e.Steps = slices.Clip(e.Steps)
	return &e
}

func (s Step) clone() Step {
	s.State, s.Action = slices.Clone(s.State), slices.Clone(s.Action)
	s.Dense, s.Pictures = slices.Clone(s.Dense), slices.Clone(s.Pictures)
	if s.Chunk != nil {
		chunk := make([][]float32, len(s.Chunk))
		for i, a := range s.Chunk {
			chunk[i] = slices.Clone(a)
		}
		s.Chunk = chunk
	}
	if s.Pruning != nil {
		p := *s.Pruning
		p.Mask = slices.Clone(p.Mask)
		s.Pruning = &p
	}
	return s
}
