package export

import (
	"fmt"
	"slices"

	"winnow/robotics/episode"
)

// shape is what all episodes of one export share.
type shape struct {
	about  episode.Episode // without steps
	pruned bool            // some step says what was pruned
	cells  int             // of every kept mask; 0 without masks, -1 where they differ
}

func shapeOf(e *episode.Episode) *shape {
	s := &shape{about: *e}
	s.about.Steps = nil
	for _, step := range e.Steps {
		if step.Pruning == nil {
			continue
		}
		s.pruned = true
		switch n := len(step.Pruning.Mask); {
		case n == 0 || n == s.cells || s.cells == -1:
		case s.cells == 0:
			s.cells = n
		default:
			s.cells = -1
		}
	}
	return s
}

// admits says why an episode cannot follow the first one in the same file or dataset.
func (s *shape) admits(e *episode.Episode) error {
	first, other := &s.about, shapeOf(e)
	switch {
	case e.FPS != first.FPS:
		return fmt.Errorf("it runs at %d steps a second and the first at %d; export them apart", e.FPS, first.FPS)
	case e.Robot != first.Robot:
		return fmt.Errorf("its robot is %q and that of the first %q; export them apart", e.Robot, first.Robot)
	case !slices.Equal(e.State, first.State):
		return fmt.Errorf("its state has the dimensions %v and that of the first %v; export them apart", e.State, first.State)
	case !slices.Equal(e.Action, first.Action):
		return fmt.Errorf("its action has the dimensions %v and that of the first %v; export them apart", e.Action, first.Action)
	case !slices.Equal(e.Cameras, first.Cameras):
		return fmt.Errorf("its cameras are %v and those of the first %v; export them apart", e.Cameras, first.Cameras)
	case other.pruned != s.pruned:
		return fmt.Errorf("only one of it and the first says what was pruned; export dense and pruned episodes apart")
	case other.cells != s.cells:
		return fmt.Errorf("its kept masks have %d cells and those of the first %d; export them apart", other.cells, s.cells)
	}
	return nil
}
