package export

import (
	"fmt"

	"winnow/robotics/episode"
)

// feature is one column of a LeRobot dataset and its entry in info.json.
type feature struct {
	name   string
	dtype  string
	shape  []int
	names  []string // one a number, or nil
	info   map[string]any
	camera int                // of dtype image and video; -1 for the rest
	cell   func(r *frame) any // what the table holds
}

// frame is one row as its features see it.
type frame struct {
	e       *episode.Episode
	step    *episode.Step
	at      int
	pruning *episode.Pruning // of the last call of the policy; zeros before the first
	asked   bool             // that call was at this step
	images  []encoded        // by camera; nil where cameras are videos

	episode, index, task int64
}

// featuresOf lists the columns of a dataset whose episodes look like s.
func featuresOf(s *shape, video bool) ([]feature, error) {
	e := &s.about
	if s.cells == -1 {
		return nil, fmt.Errorf("the kept masks of the episode have different numbers of cells, and a dataset's column has one; export it as JSONL or MCAP")
	}
	out := []feature{vectorFeature("action", e.Action, func(f *frame) any { return f.step.Action })}
	if len(e.State) > 0 {
		out = append(out, vectorFeature("observation.state", e.State, func(f *frame) any { return f.step.State }))
	}
	for i, c := range e.Cameras {
		out = append(out, cameraFeature(i, c, e.FPS, video))
	}
	out = append(out,
		scalar("next.reward", "float32", "", func(f *frame) any { return float32(f.step.Reward) }),
		scalar("next.done", "bool", "", func(f *frame) any { return f.at == len(f.e.Steps)-1 }),
		scalar("next.success", "bool", "", func(f *frame) any { return f.step.Success }))
	if s.pruned {
		out = append(out,
			scalar("pruning.asked", "bool", "the policy was asked at this step; elsewhere the other pruning columns repeat its last call", func(f *frame) any { return f.asked }),
			scalar("pruning.kept", "int64", "visual tokens kept", func(f *frame) any { return int64(f.pruning.Kept) }),
			scalar("pruning.total", "int64", "visual tokens", func(f *frame) any { return int64(f.pruning.Total) }),
			scalar("pruning.ms", "float32", "measured milliseconds of the call", func(f *frame) any { return float32(f.pruning.MS) }),
			scalar("pruning.flops", "float64", "counted floating-point operations of the call", func(f *frame) any { return f.pruning.FLOPs }))
	}
	if s.cells > 0 {
		mask := scalar("pruning.kept_mask", "bool", "patch grid, row by row", func(f *frame) any {
			if f.pruning.Mask == nil {
				return padded(nil, s.cells)
			}
			return padded(f.pruning.Mask, s.cells)
		})
		mask.shape = []int{s.cells}
		out = append(out, mask)
	}
	return append(out,
		scalar("timestamp", "float32", "", func(f *frame) any { return float32(float64(f.at) / float64(f.e.FPS)) }),
		scalar("frame_index", "int64", "", func(f *frame) any { return int64(f.at) }),
		scalar("episode_index", "int64", "", func(f *frame) any { return f.episode }),
		scalar("index", "int64", "", func(f *frame) any { return f.index }),
		scalar("task_index", "int64", "", func(f *frame) any { return f.task })), nil
}

// padded makes a mask's cell; one of a single number is a scalar, as every shape [1] is.
func padded(mask []bool, cells int) any {
	out := make([]bool, cells)
	copy(out, mask)
	if cells == 1 {
		return out[0]
	}
	return out
}

func scalar(name, dtype, says string, cell func(*frame) any) feature {
	f := feature{name: name, dtype: dtype, shape: []int{1}, camera: -1, cell: cell}
	if says != "" {
		f.info = map[string]any{"description": says}
	}
	return f
}

// vectorFeature states units and frames in info, which readers leave alone.
func vectorFeature(name string, dims []episode.Dim, values func(*frame) any) feature {
	kinds := make([]string, len(dims))
	for i, d := range dims {
		kinds[i] = string(d.Kind)
	}
	f := feature{name: name, dtype: "float32", shape: []int{len(dims)}, names: episode.Names(dims), camera: -1, cell: values,
		info: map[string]any{"units": episode.Units(dims), "frames": episode.Frames(dims), "kinds": kinds}}
	if len(dims) == 1 { // shape [1] is stored as a scalar
		f.cell = func(r *frame) any { return values(r).([]float32)[0] }
	}
	return f
}

func cameraFeature(i int, c episode.Camera, fps int, video bool) feature {
	f := feature{
		name: "observation.images." + c.Name, dtype: "image", shape: []int{c.Height, c.Width, 3},
		names: []string{"height", "width", "channels"}, camera: i,
		info: map[string]any{"is_depth_map": false, "frame": c.Frame},
		cell: func(f *frame) any { return f.images[i] },
	}
	if video {
		f.dtype, f.cell = "video", nil
		for key, value := range map[string]any{
			"video.height": c.Height, "video.width": c.Width, "video.codec": "h264", "video.pix_fmt": "yuv420p",
			"video.fps": fps, "video.channels": 3, "video.is_depth_map": false, "has_audio": false,
		} {
			f.info[key] = value
		}
	}
	return f
}

// entry is the feature in info.json.
func (f feature) entry() map[string]any {
	m := map[string]any{"dtype": f.dtype, "shape": f.shape, "names": nil}
	if f.names != nil {
		m["names"] = f.names
	}
	if f.info != nil {
		m["info"] = f.info
	}
	return m
}
