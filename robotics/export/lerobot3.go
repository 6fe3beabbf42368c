package export

import (
	"encoding/json"
	"fmt"

	"winnow/robotics/episode"
)

// The numbers of LeRobot's info.json.
const (
	chunkSize   = 1000 // files in a chunk's folder (v3.0), episodes in one (v2.1)
	dataFileMB  = 100
	videoFileMB = 200
)

const (
	dataPath3  = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
	videoPath3 = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
)

// place is the number of a file: file of a chunk.
type place struct{ chunk, file int }

func (p place) next(files int) place {
	if p.file == files-1 {
		return place{p.chunk + 1, 0}
	}
	return place{p.chunk, p.file + 1}
}

func (p place) path(folder, ext string) string {
	return fmt.Sprintf("%s/chunk-%03d/file-%03d.%s", folder, p.chunk, p.file, ext)
}

// lerobot3 writes LeRobotDataset v3.0: many episodes a file, a row group each.
type lerobot3 struct {
	dataset
	data, meta           *table // open files; nil before the first
	dataPlace, metaPlace place
	dataLimit, metaLimit int64 // bytes a file may reach
	videoLimit           int64
	files                int // in a chunk's folder
	videos               map[string]*reel
}

func openLeRobot3(p *pending, o Options) (sink, error) {
	s := &lerobot3{dataset: dataset{root: p.tmp, video: o.Video}, dataLimit: dataFileMB << 20,
		metaLimit: dataFileMB << 20, videoLimit: videoFileMB << 20, files: chunkSize, videos: map[string]*reel{}}
	if o.Video {
		if err := haveFFmpeg(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *lerobot3) add(e *episode.Episode, report func(int) error) error {
	if err := s.begin(e); err != nil {
		return err
	}
	if err := s.room(e); err != nil {
		return err
	}
	first := s.frames
	row := map[string]any{
		"episode_index": int64(s.episodes), "tasks": []string{e.Instruction}, "length": int64(len(e.Steps)),
		"data/chunk_index": int64(s.dataPlace.chunk), "data/file_index": int64(s.dataPlace.file),
		"dataset_from_index": int64(first), "dataset_to_index": int64(first + len(e.Steps)),
	}
	for _, f := range s.videoFeatures() {
		if err := s.reelFor(f, e, row); err != nil {
			return err
		}
	}
	err := s.rows(e, func(row map[string]any, pictures []episode.Picture) (err error) {
		if s.data == nil {
			if s.data, err = newTable(s.root, s.dataPlace.path("data", "parquet"), row, nil); err != nil {
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
	if err := s.data.endGroup(); err != nil {
		return err
	}
	return s.episodeRow(row, s.stats[len(s.stats)-1])
}

// room goes to the next data file where this episode would take the open one over its limit.
func (s *lerobot3) room(e *episode.Episode) error {
	if s.data == nil {
		return nil
	}
	grows := int64(0)
	for _, st := range e.Steps {
		grows += int64(4*(len(st.Action)+len(st.State)) + 64)
		if s.video {
			continue
		}
		for _, p := range st.Pictures {
			grows += int64(len(p.Data))
		}
	}
	if s.data.size()+grows < s.dataLimit {
		return nil
	}
	err := s.data.finish()
	s.data, s.dataPlace = nil, s.dataPlace.next(s.files)
	return err
}

// episodeRow writes the episode's row of meta/episodes.
func (s *lerobot3) episodeRow(row map[string]any, stats map[string]summary) (err error) {
	for _, f := range s.features {
		sum := stats[f.name]
		for _, r := range sum.rows(true) {
			key := "stats/" + f.name + "/" + r.name
			if sum.picture {
				row[key] = channels(r.values)
			} else {
				row[key] = r.values
			}
		}
		row["stats/"+f.name+"/count"] = []int64{int64(sum.count)}
	}
	if s.meta != nil && s.meta.size() >= s.metaLimit {
		err = s.meta.finish()
		s.meta, s.metaPlace = nil, s.metaPlace.next(s.files)
		if err != nil {
			return err
		}
	}
	row["meta/episodes/chunk_index"], row["meta/episodes/file_index"] = int64(s.metaPlace.chunk), int64(s.metaPlace.file)
	if s.meta == nil {
		if s.meta, err = newTable(s.root, s.metaPlace.path("meta/episodes", "parquet"), row, nil); err != nil {
			return err
		}
	}
	return s.meta.write(row)
}

func (s *lerobot3) finish() error {
	for _, t := range []*table{s.data, s.meta} {
		if err := t.finish(); err != nil {
			return err
		}
	}
	for _, r := range s.videos {
		if err := r.finish(); err != nil {
			return err
		}
	}
	if err := s.writeTasks(); err != nil {
		return err
	}
	stats := map[string]any{}
	for _, f := range s.features {
		parts := make([]summary, len(s.stats))
		for i, e := range s.stats {
			parts[i] = e[f.name]
		}
		stats[f.name] = merged(parts).json(true)
	}
	if err := s.writeJSON("meta/stats.json", stats); err != nil {
		return err
	}
	info := s.info("v3.0")
	info["data_files_size_in_mb"], info["video_files_size_in_mb"] = dataFileMB, videoFileMB
	info["data_path"] = dataPath3
	if s.video && len(s.shape.about.Cameras) > 0 {
		info["video_path"] = videoPath3
	}
	if err := s.writeJSON("meta/info.json", info); err != nil {
		return err
	}
	return s.dataset.finish()
}

// writeTasks writes meta/tasks.parquet. LeRobot reads the texts as the table's pandas index, others
// as a column; __index_level_0__ with the footer's word that it is the index serves both.
func (s *lerobot3) writeTasks() error {
	const index = "__index_level_0__"
	pandas, err := json.Marshal(map[string]any{
		"index_columns": []string{index},
		"column_indexes": []any{map[string]any{"name": nil, "field_name": nil, "pandas_type": "unicode",
			"numpy_type": "object", "metadata": map[string]string{"encoding": "UTF-8"}}},
		"columns": []any{
			map[string]any{"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64", "metadata": nil},
			map[string]any{"name": nil, "field_name": index, "pandas_type": "unicode", "numpy_type": "object", "metadata": nil},
		},
		"pandas_version": "2.2.0",
	})
	if err != nil {
		return err
	}
	row := func(i int) map[string]any { return map[string]any{"task_index": int64(i), index: s.tasks[i]} }
	t, err := newTable(s.root, "meta/tasks.parquet", row(0), map[string]string{"pandas": string(pandas)})
	if err != nil {
		return err
	}
	for i := range s.tasks {
		if err := t.write(row(i)); err != nil {
			t.close()
			return err
		}
	}
	return t.finish()
}

func (s *lerobot3) close() {
	for _, t := range []*table{s.data, s.meta} {
		if t != nil {
			t.close()
		}
	}
	for _, r := range s.videos {
		r.close()
	}
}
