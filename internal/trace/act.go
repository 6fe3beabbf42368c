package trace

import (
	"fmt"
	"slices"
)

// Act asks a robot to carry out a task in the simulator: a request that has one has no Messages and
// no Picture. Request.Model is then a policy: built in, a checkpoint's folder, or "expert".
type Act struct {
	// Suite and Task name what is to be done: table, push.
	Suite string `json:"suite"`
	Task  string `json:"task"`
	// Instruction is what the policy is told; empty: what the task asks for.
	Instruction string `json:"instruction,omitempty"`
	// Episodes is their number; episode i has the seed Seed+i.
	Episodes int    `json:"episodes"`
	Seed     uint64 `json:"seed"`
	// Beside are policies that are asked at the same moments and do not act: the first one is the
	// side Dense. Where there is none and a method acts, Dense is the same policy without it.
	Beside []string `json:"beside,omitempty"`
	// Continue goes on with the episode where the engine's last acting run of the same Model, Suite,
	// Task and Seed stopped, with this request's Instruction from the next look on. Its events follow
	// those of that run.
	Continue bool `json:"continue,omitempty"`
	// Moves ends the run after so many steps, 0: not before the episodes are over. An episode that
	// stands in the middle can be continued.
	Moves int `json:"moves,omitempty"`
	// View is the side in pixels of the pictures for a person, 0: none; Every: of each so many steps.
	View  int `json:"view,omitempty"`
	Every int `json:"every,omitempty"`
}

// MaxEpisodes bounds Act.Episodes, MaxView Act.View.
const (
	MaxEpisodes = 10_000
	MaxView     = 1024
)

// Expert is the model's name where the suite's scripted expert acts.
const Expert = "expert"

type (
	// Acting opens an acting run, after Model. Of the sides, Pruned acts.
	Acting struct {
		Suite string `json:"suite"`
		Task  string `json:"task"`
		Help  string `json:"help"` // what is to be done, in a line
		// Action and Proprio name the numbers of an action and of the robot's state; Units stand
		// beside them.
		Action       []string `json:"action"`
		ActionUnits  []string `json:"action_units"`
		Proprio      []string `json:"proprio"`
		ProprioUnits []string `json:"proprio_units"`
		ControlHz    float64  `json:"control_hz"`
		MaxSteps     int      `json:"max_steps"`
		Robot        string   `json:"robot"`
		// Cameras that the policy looks through, in its order; the expert's are those shown.
		Cameras []string `json:"cameras"`
		// Sides are the policies: who each of them is. The acting one comes first.
		Sides []Player `json:"sides"`
	}
	// Player is a policy of an acting run.
	Player struct {
		Side  string `json:"side"`
		Model string `json:"model"` // its title
		// Method that leaves rows out; empty: none.
		Method     string `json:"method,omitempty"`
		Layers     int    `json:"layers"`
		Parameters int64  `json:"parameters"`
		// Rows × Cols patches of a picture for each of the two encoders; Visual rows of a picture go
		// to the language model: aggregation vectors, or as many as patches.
		Rows   int `json:"rows"`
		Cols   int `json:"cols"`
		Visual int `json:"visual"`
		// Aggregates: these rows are aggregation vectors, which look at all patches.
		Aggregates bool `json:"aggregates,omitempty"`
		// Chunk is the number of actions of an answer.
		Chunk int `json:"chunk"`
	}
	// EpisodeStarted opens an episode.
	EpisodeStarted struct {
		Episode     int    `json:"episode"` // from 0
		Seed        uint64 `json:"seed"`
		Instruction string `json:"instruction"`
	}
	// Thought is an answer of a policy about a moment. It comes before the moment's Moved.
	Thought struct {
		Side    string `json:"side"`
		Episode int    `json:"episode"`
		Step    int    `json:"step"`
		// Instruction is what it was told.
		Instruction string `json:"instruction"`
		// Actions [chunk] of the robot's numbers, as predicted: the simulator cuts them to −1 … 1.
		Actions []Floats `json:"actions"`
		// Gate weighs the encoders, the first one DINOv2-like; absent where they are joined.
		Gate Floats `json:"gate,omitempty"`
		// Looks are where aggregation vectors look; absent without them.
		Looks []Look `json:"looks,omitempty"`
		// Layers of the language model.
		Layers []Routed `json:"layers,omitempty"`
		// Sequence of the language model: Text rows of it are BOS, state and prompt, Slots those of
		// actions and the stop token. Bidirectional: all rows see each other.
		Text          int  `json:"text"`
		Slots         int  `json:"slots"`
		Bidirectional bool `json:"bidirectional,omitempty"`
		// MS is measured, from the pictures to the actions; Cold: something was compiled in it, so it
		// is not like the others. FLOPs is counted.
		MS    float64 `json:"ms"`
		Cold  bool    `json:"cold,omitempty"`
		FLOPs int64   `json:"flops"`
	}
	// Look is how the aggregation vectors of an encoder attend to the patches of a picture.
	Look struct {
		Camera  int `json:"camera"`
		Encoder int `json:"encoder"`
		Vectors int `json:"vectors"`
		// Share [Vectors × patches] is the attention, mean over the heads, as a part of 255 of Peak.
		Share []byte  `json:"share"`
		Peak  float64 `json:"peak"`
	}
	// Routed is what a layer of the language model computed.
	Routed struct {
		// Skipped are the visual rows that skipped it, from 0, ascending.
		Skipped []int `json:"skipped,omitempty"`
		// Probability is what its router said of each visual row; absent where there is none.
		Probability Floats `json:"probability,omitempty"`
		Rule        string `json:"rule,omitempty"`
	}
	// Moved is a step: what was there before it, what was done, what it brought.
	Moved struct {
		Episode int     `json:"episode"`
		Step    int     `json:"step"`
		Time    float64 `json:"time"` // simulated seconds since the episode began
		Proprio Floats  `json:"proprio"`
		Action  Floats  `json:"action"` // as sent
		Reward  float64 `json:"reward"`
		Success bool    `json:"success,omitempty"`
		// Views are pictures for a person, JPEG files, one a camera; absent where none were asked for.
		Views [][]byte `json:"views,omitempty"`
		// MS is measured: physics, the policies and pictures for people together.
		MS float64 `json:"ms"`
	}
	// EpisodeDone closes an episode.
	EpisodeDone struct {
		Episode int     `json:"episode"`
		Seed    uint64  `json:"seed"`
		Steps   int     `json:"steps"`
		Success bool    `json:"success"`
		Reward  float64 `json:"reward"` // sum
		// Views are what the last step led to, as in Moved.
		Views [][]byte `json:"views,omitempty"`
	}
	// Acted sums up the run: the episodes that ended in it. Counts of rows and FLOPs are a look's.
	Acted struct {
		Episodes  int `json:"episodes"`
		Successes int `json:"successes"`
		// Low and High bound the success rate at 95 % (Wilson).
		Low  float64 `json:"low"`
		High float64 `json:"high"`
	}
)

// The names of the events.
func (Acting) Type() string         { return "acting" }
func (EpisodeStarted) Type() string { return "episode_started" }
func (Thought) Type() string        { return "thought" }
func (Moved) Type() string          { return "moved" }
func (EpisodeDone) Type() string    { return "episode_done" }
func (Acted) Type() string          { return "acted" }

// Episode is what happened in one, as a State has it.
type Episode struct {
	EpisodeStarted
	Moves []Moved
	// Thoughts of all sides, in the order of their steps.
	Thoughts []Thought
	// Done is nil while it runs.
	Done *EpisodeDone
}

// ThoughtAt is a side's last thought at or before a step: the one whose chunk the step is of. nil:
// none.
func (e *Episode) ThoughtAt(side string, step int) *Thought {
	var found *Thought
	for i := range e.Thoughts {
		t := &e.Thoughts[i]
		if t.Step > step {
			break
		}
		if t.Side == side {
			found = t
		}
	}
	return found
}

// ViewsAt are the pictures last painted at or before a step, nil: none. The last step of an episode that is
// done shows what it led to.
func (e *Episode) ViewsAt(step int) [][]byte {
	if e.Done != nil && len(e.Done.Views) > 0 && step >= len(e.Moves)-1 {
		return e.Done.Views
	}
	for i := min(step, len(e.Moves)-1); i >= 0; i-- {
		if len(e.Moves[i].Views) > 0 {
			return e.Moves[i].Views
		}
	}
	return nil
}

// Kept counts the visual rows that each layer computed.
func (t *Thought) Kept(visual int) []int {
	out := make([]int, len(t.Layers))
	for i, l := range t.Layers {
		out[i] = max(0, visual-len(l.Skipped))
	}
	return out
}

// Map is where a vector (-1: their mean) looks, one number a patch; nil where the trace has none.
func (l Look) Map(vector int) []float32 {
	n := 0
	if l.Vectors > 0 && len(l.Share)%l.Vectors == 0 {
		n = len(l.Share) / l.Vectors
	}
	if n == 0 || vector >= l.Vectors {
		return nil
	}
	out := make([]float32, n)
	for i, v := range l.Share {
		if vector < 0 || i/n == vector {
			out[i%n] += float32(v) * float32(l.Peak) / 255
		}
	}
	if vector < 0 {
		for i := range out {
			out[i] /= float32(l.Vectors)
		}
	}
	return out
}

// Look of an encoder at a picture; nil where there is none.
func (t *Thought) Look(camera, encoder int) *Look {
	for i := range t.Looks {
		if t.Looks[i].Camera == camera && t.Looks[i].Encoder == encoder {
			return &t.Looks[i]
		}
	}
	return nil
}

// Player of a side; nil where there is none.
func (a *Acting) Player(side string) *Player {
	if a == nil {
		return nil
	}
	for i := range a.Sides {
		if a.Sides[i].Side == side {
			return &a.Sides[i]
		}
	}
	return nil
}

// Bounds on what a trace may claim of an episode.
const (
	maxEpisodeSteps = 1 << 14
	maxThoughts     = 1 << 16
)

// acts folds in an event of an acting run.
func (s *State) acts(e Event) {
	switch e := e.(type) {
	case Acting:
		e.Sides = slices.Clone(e.Sides[:min(len(e.Sides), maxSides+1)])
		for i, p := range e.Sides {
			if p.Rows < 0 || p.Cols < 0 || p.Rows > maxCells || p.Cols > maxCells || int64(p.Rows)*int64(p.Cols) > maxCells ||
				p.Visual < 0 || p.Visual > maxCells || p.Layers < 0 || p.Layers > maxLayers {
				s.notice(fmt.Sprintf("the trace says that the policy %s has %d × %d patches, %d rows and %d layers, which cannot be; they are not shown", p.Model, p.Rows, p.Cols, p.Visual, p.Layers))
				e.Sides[i].Rows, e.Sides[i].Cols, e.Sides[i].Visual, e.Sides[i].Layers = 0, 0, 0, 0
			}
		}
		s.Acting = &e
	case EpisodeStarted:
		if e.Episode == len(s.Episodes) && e.Episode < MaxEpisodes {
			s.Episodes = append(s.Episodes, &Episode{EpisodeStarted: e})
		}
	case Thought:
		if at := s.episode(e.Episode); at != nil && len(at.Thoughts) < maxThoughts {
			at.Thoughts = append(at.Thoughts, e)
		}
	case Moved:
		if at := s.episode(e.Episode); at != nil && e.Step == len(at.Moves) && e.Step < maxEpisodeSteps {
			at.Moves = append(at.Moves, e)
		}
	case EpisodeDone:
		if at := s.episode(e.Episode); at != nil {
			at.Done = &e
		}
	case Acted:
		s.Acted = &e
	}
}

// continues: the request goes on with the episode that stands.
func (s *State) continues(r Request) bool {
	was := s.Request.Act
	return r.Act != nil && r.Act.Continue && was != nil && len(s.Episodes) > 0 &&
		was.Suite == r.Act.Suite && was.Task == r.Act.Task && was.Seed == r.Act.Seed
}

// episode is the one that an event is about, nil where it is none.
func (s *State) episode(i int) *Episode {
	if i < 0 || i >= len(s.Episodes) {
		return nil
	}
	// A snapshot may hold the old one: its lists are only ever appended to.
	c := *s.Episodes[i]
	s.Episodes[i] = &c
	return &c
}
