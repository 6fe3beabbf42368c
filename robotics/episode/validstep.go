package episode

import "fmt"

func (e *Episode) validateStep(i int) error {
	s := &e.Steps[i]
	if !finite(s.Time) || s.Time < 0 || s.Time > 1e9 {
		return fmt.Errorf("step %d is at %v seconds; times are counted from step 0 and finite", i, s.Time)
	}
	if i > 0 && s.Time <= e.Steps[i-1].Time {
		return fmt.Errorf("step %d is at %v seconds and step %d at %v: times must rise", i-1, e.Steps[i-1].Time, i, s.Time)
	}
	if err := validVector("state", i, s.State, e.State); err != nil {
		return err
	}
	if err := validVector("action", i, s.Action, e.Action); err != nil {
		return err
	}
	if !finite(s.Reward) {
		return fmt.Errorf("the reward of step %d is %v; it must be a finite number", i, s.Reward)
	}
	if len(s.Chunk) > MaxChunk {
		return fmt.Errorf("step %d predicts %d actions, the limit is %d", i, len(s.Chunk), MaxChunk)
	}
	for k, a := range s.Chunk {
		if err := validVector(fmt.Sprintf("action %d of the chunk", k), i, a, e.Action); err != nil {
			return err
		}
	}
	if s.Dense != nil {
		if err := validVector("dense action", i, s.Dense, e.Action); err != nil {
			return err
		}
	}
	if err := e.validPruning(i); err != nil {
		return err
	}
	return e.validPictures(i)
}

func validVector(what string, step int, values []float32, dims []Dim) error {
	if len(values) != len(dims) {
		return fmt.Errorf("the %s of step %d has %d numbers, the episode names %d dimensions", what, step, len(values), len(dims))
	}
	for d, v := range values {
		if !finite(float64(v)) {
			return fmt.Errorf("the %s of step %d is %v in dimension %d (%s); it must be a finite number", what, step, v, d, dims[d].Name)
		}
	}
	return nil
}

func (e *Episode) validPruning(i int) error {
	p := e.Steps[i].Pruning
	if p == nil {
		return nil
	}
	measured := func(x float64) bool { return finite(x) && x >= 0 && x < maxMeasured }
	switch {
	case p.Total < 1 || p.Total > MaxMask || p.Kept < 0 || p.Kept > p.Total:
		return fmt.Errorf("step %d kept %d of %d visual tokens; the total must lie between 1 and %d, the kept between 0 and the total", i, p.Kept, p.Total, MaxMask)
	case !measured(p.MS):
		return fmt.Errorf("the policy's call at step %d took %v ms; the time must be finite and not negative", i, p.MS)
	case !measured(p.FLOPs):
		return fmt.Errorf("the policy's call at step %d counts %v FLOPs; the count must be finite and not negative", i, p.FLOPs)
	case p.Mask == nil && p.Rows == 0 && p.Cols == 0:
		return nil
	}
	if p.Rows < 1 || p.Cols < 1 || p.Rows > MaxMask || p.Cols > MaxMask || p.Rows*p.Cols != len(p.Mask) || len(p.Mask) > MaxMask {
		return fmt.Errorf("the kept mask of step %d has %d cells for a grid of %d×%d", i, len(p.Mask), p.Rows, p.Cols)
	}
	if p.Camera < 0 || p.Camera >= len(e.Cameras) {
		return fmt.Errorf("the kept mask of step %d lies on camera %d, the episode has %d", i, p.Camera, len(e.Cameras))
	}
	c, b := e.Cameras[p.Camera], p.Box
	if b.MinX < 0 || b.MinY < 0 || b.MaxX <= b.MinX || b.MaxY <= b.MinY || b.MaxX > c.Width || b.MaxY > c.Height {
		return fmt.Errorf("the kept mask of step %d covers (%d,%d)–(%d,%d), which is no part of the %d×%d picture of camera %s",
			i, b.MinX, b.MinY, b.MaxX, b.MaxY, c.Width, c.Height, c.Name)
	}
	return nil
}

func (e *Episode) validPictures(i int) error {
	s := &e.Steps[i]
	if len(s.Pictures) != len(e.Cameras) {
		return fmt.Errorf("step %d has %d pictures, the episode has %d cameras", i, len(s.Pictures), len(e.Cameras))
	}
	for j, p := range s.Pictures {
		c := e.Cameras[j]
		if len(p.Data) > MaxPicture {
			return fmt.Errorf("the picture of camera %s at step %d has %d bytes, the limit is %d", c.Name, i, len(p.Data), MaxPicture)
		}
		w, h, err := p.Size()
		if err != nil {
			return fmt.Errorf("the picture of camera %s at step %d cannot be read: %w", c.Name, i, err)
		}
		if w != c.Width || h != c.Height {
			return fmt.Errorf("the picture of camera %s at step %d has %d×%d pixels, the camera %d×%d", c.Name, i, w, h, c.Width, c.Height)
		}
	}
	return nil
}
