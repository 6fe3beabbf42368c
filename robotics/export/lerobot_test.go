package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// row is what of a data table the tests look at, bound by parquet-go's own tags.
type row struct {
	Action  []float32 `parquet:"action,list"`
	State   []float32 `parquet:"observation.state,list"`
	Front   *picture  `parquet:"observation.images.front,optional"`
	Wrist   *picture  `parquet:"observation.images.wrist,optional"`
	Reward  float32   `parquet:"next.reward"`
	Done    bool      `parquet:"next.done"`
	Success bool      `parquet:"next.success"`
	Asked   bool      `parquet:"pruning.asked"`
	Kept    int64     `parquet:"pruning.kept"`
	Mask    []bool    `parquet:"pruning.kept_mask,list"`
	Time    float32   `parquet:"timestamp"`
	Frame   int64     `parquet:"frame_index"`
	Episode int64     `parquet:"episode_index"`
	Index   int64     `parquet:"index"`
	Task    int64     `parquet:"task_index"`
}

type picture struct {
	Bytes []byte `parquet:"bytes,optional"`
	Path  string `parquet:"path,optional"`
}

func rowsOf(t *testing.T, b []byte) ([]row, *parquet.File) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	r := parquet.NewGenericReader[row](f)
	rows := make([]row, r.NumRows())
	if n, err := r.Read(rows); n != len(rows) || err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("%d of %d rows, %v", n, len(rows), err)
	}
	return rows, f
}

// checkRows compares rows with what run makes; episode and index count on from the given ones.
func checkRows(t *testing.T, rows []row, k, index int) {
	t.Helper()
	e := run(t, k, len(rows), jointDims)
	for i, r := range rows {
		s := e.Steps[i]
		if !reflect.DeepEqual(r.Action, s.Action) || !reflect.DeepEqual(r.State, s.State) || r.Reward != float32(s.Reward) {
			t.Errorf("step %d of episode %d is %+v", i, k, r)
		}
		if r.Success != s.Success || r.Done != (i == len(rows)-1) || r.Asked != (i%2 == 0) || r.Kept != 3 {
			t.Errorf("step %d of episode %d says success %v, done %v, asked %v, kept %d", i, k, r.Success, r.Done, r.Asked, r.Kept)
		}
		if want := e.Steps[i/2*2].Pruning.Mask; !reflect.DeepEqual(r.Mask, want) {
			t.Errorf("step %d of episode %d has the mask %v, want that of its last call, %v", i, k, r.Mask, want)
		}
		if r.Time != float32(float64(i)/10) || r.Frame != int64(i) || r.Episode != int64(k) || r.Index != int64(index+i) || r.Task != int64(k%2) {
			t.Errorf("step %d of episode %d has the numbers %v %d %d %d %d", i, k, r.Time, r.Frame, r.Episode, r.Index, r.Task)
		}
		if !bytes.Equal(r.Front.Bytes, s.Pictures[0].Data) || r.Front.Path != fmt.Sprintf("frame-%06d.png", i) || !bytes.Equal(r.Wrist.Bytes, s.Pictures[1].Data) || !strings.HasSuffix(r.Wrist.Path, ".jpeg") {
			t.Errorf("the pictures of step %d of episode %d differ", i, k)
		}
	}
}

func parsed(t *testing.T, elem ...string) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal(read(t, elem...), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLeRobot3(t *testing.T) {
	root := exported(t, LeRobotV3, jointDims, Options{})
	rows, f := rowsOf(t, read(t, root, "data/chunk-000/file-000.parquet"))
	if len(rows) != 8 || len(f.RowGroups()) != 2 {
		t.Fatalf("%d rows in %d groups, want 8 in 2", len(rows), len(f.RowGroups()))
	}
	checkRows(t, rows[:5], 0, 0)
	checkRows(t, rows[5:], 1, 5)
	if _, ok := f.Lookup("pandas"); ok {
		t.Error("the data has a pandas index")
	}
	info := parsed(t, root, "meta/info.json")
	for key, want := range map[string]any{
		"codebase_version": "v3.0", "fps": 10.0, "robot_type": "panda", "total_episodes": 2.0, "total_frames": 8.0,
		"total_tasks": 2.0, "chunks_size": 1000.0, "data_files_size_in_mb": 100.0, "video_files_size_in_mb": 200.0,
		"data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet", "video_path": nil,
		"splits": map[string]any{"train": "0:2"},
	} {
		if got, ok := info[key]; !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("info.json says %s is %v, want %v", key, got, want)
		}
	}
	checkFeatures(t, info["features"].(map[string]any), f)
	checkStats(t, parsed(t, root, "meta/stats.json"), info["features"].(map[string]any))
	if b := read(t, root, "meta/winnow_episodes.jsonl"); bytes.Count(b, []byte("\n")) != 2 || !bytes.Contains(b, []byte("räum <den Tisch> ab")) {
		t.Errorf("the episodes' origin is told as %s", b)
	}
}

// checkFeatures: every column has a feature and the other way round; names, units and frames stand.
func checkFeatures(t *testing.T, features map[string]any, f *parquet.File) {
	t.Helper()
	columns := map[string]bool{}
	for _, c := range f.Root().Columns() {
		columns[c.Name()] = true
		if features[c.Name()] == nil {
			t.Errorf("column %s is no feature", c.Name())
		}
	}
	for name, v := range features {
		ft := v.(map[string]any)
		if strings.Contains(name, "/") || !columns[name] && ft["dtype"] != "video" {
			t.Errorf("feature %s has a slash or no column", name)
		}
		if _, ok := ft["names"]; !ok || ft["shape"] == nil {
			t.Errorf("feature %s lacks names or shape", name)
		}
	}
	want := `{"dtype":"float32","info":{"frames":["","",""],"kinds":["joint","joint","gripper"],"units":["rad","rad","m"]},"names":["panda_joint1","panda_joint2","panda_finger"],"shape":[3]}`
	if got, _ := json.Marshal(features["action"]); string(got) != want {
		t.Errorf("action is %s", got)
	}
	want = `{"dtype":"image","info":{"frame":"front_optical","is_depth_map":false},"names":["height","width","channels"],"shape":[6,8,3]}`
	if got, _ := json.Marshal(features["observation.images.front"]); string(got) != want {
		t.Errorf("the camera is %s", got)
	}
}

// checkStats recomputes a few in double precision: by hand, over both episodes at once.
func checkStats(t *testing.T, stats, features map[string]any) {
	t.Helper()
	for name := range features {
		s, ok := stats[name].(map[string]any)
		if !ok || len(s) != 10 {
			t.Fatalf("%s has %d statistics, want 10", name, len(s))
		}
		for stat, v := range s {
			list := v.([]any)
			if nested := strings.Contains(name, "image") && stat != "count"; nested && (len(list) != 3 || len(list[0].([]any)[0].([]any)) != 1) {
				t.Errorf("%s of %s is %v, want the shape (3,1,1)", stat, name, v)
			}
		}
	}
	near := func(got any, want float64, what string) {
		t.Helper()
		if v := got.(float64); v < want-1e-12 || v > want+1e-12 {
			t.Errorf("%s is %v, want %v", what, v, want)
		}
	}
	a := stats["action"].(map[string]any)
	near(a["mean"].([]any)[0], (0+0.125+0.25+0.375+0.5+1+1.125+1.25)/8, "the mean of action 0")
	near(a["min"].([]any)[0], 0, "its minimum")
	near(a["max"].([]any)[2], 1.25+2.0/64, "the maximum of action 2")
	near(a["std"].([]any)[0], 0.4504229782937367, "the deviation of action 0") // of the population, by another program
	near(a["q50"].([]any)[0], 0.25, "its median, the lesser of the episodes'")
	near(a["q90"].([]any)[0], 1.225, "its 0.9-quantile, the greater of the episodes'")
	near(a["count"].([]any)[0], 8, "the frames used")
	red := stats["observation.images.front"].(map[string]any)
	// 10x+i over 8 columns: 35 + the mean of i.
	near(red["mean"].([]any)[0].([]any)[0].([]any)[0], (35+(0+1+2+3+4+0+1+2)/8.0)/255, "the mean of red")
	near(red["max"].([]any)[2].([]any)[0].([]any)[0], 128.0/255, "the maximum of blue")
}

func TestLeRobot21(t *testing.T) {
	root := exported(t, LeRobotV21, jointDims, Options{})
	index := 0
	for k, n := range []int{5, 3} {
		rows, f := rowsOf(t, read(t, root, fmt.Sprintf("data/chunk-000/episode_%06d.parquet", k)))
		if len(rows) != n {
			t.Fatalf("episode %d has %d rows, want %d", k, len(rows), n)
		}
		checkRows(t, rows, k, index)
		checkFeatures(t, parsed(t, root, "meta/info.json")["features"].(map[string]any), f)
		index += n
	}
	for name, want := range map[string]string{
		"tasks.jsonl":    `{"task":"pick up the milk","task_index":0}` + "\n" + `{"task":"räum <den Tisch> ab","task_index":1}` + "\n",
		"episodes.jsonl": `{"episode_index":0,"length":5,"tasks":["pick up the milk"]}` + "\n" + `{"episode_index":1,"length":3,"tasks":["räum <den Tisch> ab"]}` + "\n",
	} {
		if got := string(read(t, root, "meta", name)); got != want {
			t.Errorf("%s is\n%s, want\n%s", name, got, want)
		}
	}
	stats := bytes.Split(bytes.TrimSpace(read(t, root, "meta/episodes_stats.jsonl")), []byte("\n"))
	if len(stats) != 2 || !bytes.Contains(stats[1], []byte(`"action":{"count":[3],"max":[1.25,1.265625,1.28125],"mean":[1.125,1.140625,1.15625],"min":[1.0,1.015625,1.03125],`)) {
		t.Errorf("the statistics of episode 1 are %s", stats[len(stats)-1])
	}
	info := parsed(t, root, "meta/info.json")
	for key, want := range map[string]any{
		"codebase_version": "v2.1", "total_chunks": 1.0, "total_videos": 0.0, "total_frames": 8.0,
		"data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
	} {
		if info[key] != want {
			t.Errorf("info.json says %s is %v, want %v", key, info[key], want)
		}
	}
	for _, key := range []string{"data_files_size_in_mb", "video_files_size_in_mb"} {
		if _, ok := info[key]; ok {
			t.Errorf("info.json of v2.1 has %s", key)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "meta/stats.json")); err == nil {
		t.Error("v2.1 has no stats.json")
	}
}

func TestSmallestDataset(t *testing.T) {
	e := run(t, 0, 1, deltaDims[6:]) // one step, one action number: a scalar column
	e.State, e.Cameras = nil, nil
	e.Steps[0].State, e.Steps[0].Pictures, e.Steps[0].Pruning = nil, nil, nil
	dir := t.TempDir()
	for _, format := range []Format{LeRobotV3, LeRobotV21} {
		if err := Write(t.Context(), format, filepath.Join(dir, string(format)), Memory(e), Options{}); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	b := read(t, dir, string(LeRobotV3), "data/chunk-000/file-000.parquet")
	got, err := parquet.Read[struct {
		Action float32 `parquet:"action"`
		Done   bool    `parquet:"next.done"`
	}](bytes.NewReader(b), int64(len(b)))
	if err != nil || fmt.Sprint(got) != "[{0 true}]" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestPicturesWithoutThreeChannelsAreEncodedAnew(t *testing.T) {
	e := run(t, 0, 1, jointDims)
	img := paint(e.Cameras[0], 0, 0)
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 200
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil { // RGBA, as Go writes what is not opaque
		t.Fatal(err)
	}
	p := e.Steps[0].Pictures[0]
	same, err := threeChannels(p)
	if err != nil || !bytes.Equal(same.Data, p.Data) {
		t.Errorf("a picture of three channels was changed, %v", err)
	}
	p.Data = b.Bytes()
	got, err := threeChannels(p)
	if err != nil || got.Data[25] != 2 {
		t.Errorf("four channels became colour type %d, %v", got.Data[25], err)
	}
}
