package export

import (
	"bytes"
	"encoding/json"
	"fmt"

	"winnow/robotics/episode"
)

const (
	dataPath21  = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
	videoPath21 = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
)

// lerobot21 writes LeRobotDataset v2.1: one table, and one video a camera, for each episode; the
// metadata in JSON lines.
type lerobot21 struct {
	dataset
	data   *table
	videos map[string]*reel
	lines  []map[string]any // of meta/episodes.jsonl
}

func openLeRobot21(p *pending, o Options) (sink, error) {
	if o.Video {
		if err := haveFFmpeg(); err != nil {
			return nil, err
		}
	}
	return &lerobot21{dataset: dataset{root: p.tmp, video: o.Video}, videos: map[string]*reel{}}, nil
}

func (s *lerobot21) add(e *episode.Episode, report func(int) error) error {
	if err := s.begin(e); err != nil {
		return err
	}
	chunk, name := fmt.Sprintf("chunk-%03d", s.episodes/chunkSize), fmt.Sprintf("episode_%06d", s.episodes)
	for _, f := range s.videoFeatures() {
		c := e.Cameras[f.camera]
		r, err := newReel(s.root, "videos/"+chunk+"/"+f.name+"/"+name+".mp4", c.Width, c.Height, e.FPS)
		if err != nil {
			return err
		}
		s.videos[f.name] = r
	}
	err := s.rows(e, func(row map[string]any, pictures []episode.Picture) (err error) {
		if s.data == nil {
			if s.data, err = newTable(s.root, "data/"+chunk+"/"+name+".parquet", row, nil); err != nil {
				return err
			}
		}
		for _, f := range s.videoFeatures() {
			if err := s.videos[f.name].write(pictures[f.camera]); err != nil {
				return err
			}
		}
		return s.data.write(row)
	}, report)
	if err != nil {
		return err
	}
	for _, r := range s.videos {
		if err := r.finish(); err != nil {
			return err
		}
	}
	err = s.data.finish()
	s.data, s.videos = nil, map[string]*reel{}
	s.lines = append(s.lines, map[string]any{
		"episode_index": s.episodes - 1, "tasks": []string{e.Instruction}, "length": len(e.Steps),
	})
	return err
}

func (s *lerobot21) finish() error {
	var tasks, episodes, stats bytes.Buffer
	for i, text := range s.tasks {
		if err := line(&tasks, map[string]any{"task_index": i, "task": text}); err != nil {
			return err
		}
	}
	for i, l := range s.lines {
		if err := line(&episodes, l); err != nil {
			return err
		}
		m := map[string]any{}
		for name, sum := range s.stats[i] {
			m[name] = sum.json(false)
		}
		if err := line(&stats, map[string]any{"episode_index": i, "stats": m}); err != nil {
			return err
		}
	}
	for name, b := range map[string]*bytes.Buffer{
		"meta/tasks.jsonl": &tasks, "meta/episodes.jsonl": &episodes, "meta/episodes_stats.jsonl": &stats,
	} {
		if err := s.writeFile(name, b.Bytes()); err != nil {
			return err
		}
	}
	info := s.info("v2.1")
	info["data_path"] = dataPath21
	info["total_chunks"] = (s.episodes + chunkSize - 1) / chunkSize
	info["total_videos"] = len(s.videoFeatures()) * s.episodes
	if s.video && len(s.shape.about.Cameras) > 0 {
		info["video_path"] = videoPath21
	}
	if err := s.writeJSON("meta/info.json", info); err != nil {
		return err
	}
	return s.dataset.finish()
}

func line(to *bytes.Buffer, v any) error {
	enc := json.NewEncoder(to)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (s *lerobot21) close() {
	if s.data != nil {
		s.data.close()
	}
	for _, r := range s.videos {
		r.close()
	}
}
