package export

import (
	"bufio"
	"encoding/json"
	"io"
	"os"

	"winnow/robotics/episode"
)

// jsonSchema is the version in every line; it rises when a field changes its meaning.
const jsonSchema = 1

// aboutLine is the first line of an episode.
type aboutLine struct {
	Schema int    `json:"schema"`
	Type   string `json:"type"` // "episode"
	Index  int    `json:"episode"`
	episode.Episode
	StepCount int     `json:"steps"`
	Succeeded bool    `json:"success"`
	Return    float64 `json:"return"`
}

// stepLine is one control step.
type stepLine struct {
	Schema   int           `json:"schema"`
	Type     string        `json:"type"` // "step"
	Episode  int           `json:"episode"`
	Step     int           `json:"step"`
	Time     float64       `json:"time_s"`
	State    []float32     `json:"state"`
	Action   []float32     `json:"action"`
	Reward   float64       `json:"reward"`
	Success  bool          `json:"success"`
	Chunk    [][]float32   `json:"chunk,omitempty"`
	Dense    []float32     `json:"dense_action,omitempty"`
	Pruning  *pruningLine  `json:"pruning,omitempty"`
	Pictures []pictureLine `json:"pictures,omitempty"`
}

// pruningLine maps a mask back to pixels: cell (r, c) covers the box's r-th of rows, c-th of cols.
type pruningLine struct {
	Kept   int     `json:"kept"`
	Total  int     `json:"total"`
	Ratio  float64 `json:"keep_ratio"`
	MS     float64 `json:"ms"`    // measured
	FLOPs  float64 `json:"flops"` // counted
	Grid   []int   `json:"grid,omitempty"`
	Camera string  `json:"camera,omitempty"`
	Box    []int   `json:"box,omitempty"`  // min x, min y, max x, max y; pixels, max exclusive
	Mask   []int   `json:"mask,omitempty"` // row by row, 1 for kept
}

type pictureLine struct {
	Camera string `json:"camera"`
	Format string `json:"format"`
	Data   []byte `json:"data"` // base64
}

type jsonlSink struct {
	f        *os.File
	w        *bufio.Writer
	pictures bool
	episodes int
}

func openJSONL(p *pending, o Options) (sink, error) {
	f, err := reopen(p.tmp)
	if err != nil {
		return nil, err
	}
	return &jsonlSink{f: f, w: bufio.NewWriter(f), pictures: o.Pictures}, nil
}

func (s *jsonlSink) add(e *episode.Episode, report func(int) error) error {
	err := writeJSONL(s.w, s.episodes, e, s.pictures, report)
	s.episodes++
	return err
}

func (s *jsonlSink) finish() error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	return s.f.Close()
}

func (s *jsonlSink) close() { s.f.Close() }

func writeJSONL(to io.Writer, index int, e *episode.Episode, pictures bool, report func(int) error) error {
	enc := json.NewEncoder(to)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(aboutLine{jsonSchema, "episode", index, *e, len(e.Steps), e.Success(), e.Return()}); err != nil {
		return err
	}
	for i := range e.Steps {
		if err := enc.Encode(lineOf(index, i, e, pictures)); err != nil {
			return err
		}
		if err := report(i + 1); err != nil {
			return err
		}
	}
	return nil
}

func lineOf(index, i int, e *episode.Episode, pictures bool) stepLine {
	s := &e.Steps[i]
	line := stepLine{jsonSchema, "step", index, i, s.Time, s.State, s.Action, s.Reward, s.Success, s.Chunk, s.Dense, nil, nil}
	if line.State == nil {
		line.State = []float32{}
	}
	if p := s.Pruning; p != nil {
		line.Pruning = &pruningLine{Kept: p.Kept, Total: p.Total, Ratio: ratio(p), MS: p.MS, FLOPs: p.FLOPs}
		if p.Mask != nil {
			line.Pruning.Grid = []int{p.Rows, p.Cols}
			line.Pruning.Camera = e.Cameras[p.Camera].Name
			line.Pruning.Box = []int{p.Box.MinX, p.Box.MinY, p.Box.MaxX, p.Box.MaxY}
			line.Pruning.Mask = make([]int, len(p.Mask))
			for j, kept := range p.Mask {
				if kept {
					line.Pruning.Mask[j] = 1
				}
			}
		}
	}
	if pictures {
		for c, p := range s.Pictures {
			line.Pictures = append(line.Pictures, pictureLine{e.Cameras[c].Name, string(p.Format), p.Data})
		}
	}
	return line
}

func ratio(p *episode.Pruning) float64 { return float64(p.Kept) / float64(p.Total) }
