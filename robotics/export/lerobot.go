package export

import (
	"bytes"
	"encoding/json"
	"fmt"

	"winnow/robotics/episode"
)

// dataset is what both versions of a LeRobot dataset share: rows, tasks, totals, statistics.
type dataset struct {
	root     string
	video    bool
	shape    *shape
	features []feature
	tasks    []string // texts by task_index
	episodes int
	frames   int
	stats    []map[string]summary // by episode and feature
	about    bytes.Buffer         // of meta/winnow_episodes.jsonl
}

// begin fixes the features by the first episode.
func (d *dataset) begin(e *episode.Episode) (err error) {
	if d.features != nil {
		return nil
	}
	d.shape = shapeOf(e)
	if d.features, err = featuresOf(d.shape, d.video); err != nil {
		return err
	}
	if d.video {
		return videoable(e.Cameras)
	}
	return nil
}

// task is the index of an instruction, a new one where it is new.
func (d *dataset) task(text string) int64 {
	for i, t := range d.tasks {
		if t == text {
			return int64(i)
		}
	}
	d.tasks = append(d.tasks, text)
	return int64(len(d.tasks) - 1)
}

// rows gives each step of an episode as a table's row, and its pictures where cameras are videos,
// and keeps the episode's statistics.
func (d *dataset) rows(e *episode.Episode, write func(map[string]any, []episode.Picture) error, report func(int) error) error {
	columns := map[string][][]float64{}
	seen := make([]pixels, len(e.Cameras))
	looked := sampled(len(e.Steps))
	f := frame{e: e, pruning: &episode.Pruning{}, episode: int64(d.episodes), index: int64(d.frames), task: d.task(e.Instruction)}
	for i := range e.Steps {
		f.at, f.step, f.asked = i, &e.Steps[i], e.Steps[i].Pruning != nil
		if f.asked {
			f.pruning = f.step.Pruning
		}
		var err error
		if f.images, err = d.images(f.step, i, looked[i], seen); err != nil {
			return fmt.Errorf("step %d of episode %d: %w", i, d.episodes, err)
		}
		row := map[string]any{}
		for _, ft := range d.features {
			if ft.cell == nil {
				continue
			}
			cell := ft.cell(&f)
			row[ft.name] = cell
			if ft.camera < 0 {
				columns[ft.name] = collect(columns[ft.name], cell)
			}
		}
		if err := write(row, f.step.Pictures); err != nil {
			return err
		}
		f.index++
		if err := report(i + 1); err != nil {
			return err
		}
	}
	stats := map[string]summary{}
	for _, ft := range d.features {
		if ft.camera >= 0 {
			stats[ft.name] = seen[ft.camera].summary()
		} else {
			stats[ft.name] = summarize(columns[ft.name])
		}
	}
	d.stats = append(d.stats, stats)
	if err := line(&d.about, aboutLine{jsonSchema, "episode", d.episodes, *e, len(e.Steps), e.Success(), e.Return()}); err != nil {
		return err
	}
	d.episodes++
	d.frames += len(e.Steps)
	return nil
}

// images encodes a step's pictures for the table and counts their pixels.
func (d *dataset) images(s *episode.Step, i int, look bool, seen []pixels) ([]encoded, error) {
	out := make([]encoded, len(s.Pictures))
	for c, p := range s.Pictures {
		name := d.shape.about.Cameras[c].Name
		if look {
			img, err := p.RGBA()
			if err != nil {
				return nil, fmt.Errorf("camera %s: %w", name, err)
			}
			seen[c].add(img)
		}
		if d.video {
			continue
		}
		p, err := threeChannels(p)
		if err != nil {
			return nil, fmt.Errorf("camera %s: %w", name, err)
		}
		out[c] = encoded{p.Data, fmt.Sprintf("frame-%06d.%s", i, p.Format)}
	}
	return out, nil
}

// collect appends a cell's numbers to the columns of its feature, one a dimension.
func collect(columns [][]float64, cell any) [][]float64 {
	var v []float64
	truth := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	switch c := cell.(type) {
	case float32:
		v = []float64{float64(c)}
	case float64:
		v = []float64{c}
	case int64:
		v = []float64{float64(c)}
	case bool:
		v = []float64{truth(c)}
	case []float32:
		v = doubles(c)
	case []bool:
		for _, b := range c {
			v = append(v, truth(b))
		}
	}
	if columns == nil {
		columns = make([][]float64, len(v))
	}
	for i, x := range v {
		columns[i] = append(columns[i], x)
	}
	return columns
}

// info is what both versions' info.json share.
func (d *dataset) info(version string) map[string]any {
	features := map[string]any{}
	for _, f := range d.features {
		features[f.name] = f.entry()
	}
	info := map[string]any{
		"codebase_version": version, "robot_type": nil, "fps": d.shape.about.FPS,
		"total_episodes": d.episodes, "total_frames": d.frames, "total_tasks": len(d.tasks),
		"chunks_size": chunkSize, "splits": map[string]string{"train": fmt.Sprintf("0:%d", d.episodes)},
		"features": features, "video_path": nil,
	}
	if robot := d.shape.about.Robot; robot != "" {
		info["robot_type"] = robot
	}
	return info
}

// videoFeatures lists the features that are videos.
func (d *dataset) videoFeatures() (out []feature) {
	for _, f := range d.features {
		if f.dtype == "video" {
			out = append(out, f)
		}
	}
	return out
}

// writeJSON writes as LeRobot does: four spaces, letters of all languages as they are.
func (d *dataset) writeJSON(name string, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "    ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	return d.writeFile(name, b.Bytes())
}

func (d *dataset) writeFile(name string, b []byte) error {
	f, err := create(d.root, name)
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// finish writes what both versions have beside their own metadata: where the episodes came from,
// one line each, which readers that do not know the file leave alone.
func (d *dataset) finish() error {
	return d.writeFile("meta/winnow_episodes.jsonl", d.about.Bytes())
}
