package export

import (
	"bytes"
	"fmt"
	"image"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"winnow/robotics/episode"
)

func TestLeRobot3EpisodesAndTasks(t *testing.T) {
	root := exported(t, LeRobotV3, jointDims, Options{})
	type episodeRow struct {
		Index  int64     `parquet:"episode_index"`
		Tasks  []string  `parquet:"tasks,list"`
		Length int64     `parquet:"length"`
		From   int64     `parquet:"dataset_from_index"`
		To     int64     `parquet:"dataset_to_index"`
		File   int64     `parquet:"data/file_index"`
		Meta   int64     `parquet:"meta/episodes/file_index"`
		Mean   []float64 `parquet:"stats/action/mean,list"`
		Count  []int64   `parquet:"stats/action/count,list"`
		Q01    []float64 `parquet:"stats/timestamp/q01,list"`
	}
	b := read(t, root, "meta/episodes/chunk-000/file-000.parquet")
	got, err := parquet.Read[episodeRow](bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	want := []episodeRow{
		{0, []string{"pick up the milk"}, 5, 0, 5, 0, 0, []float64{0.25, 0.265625, 0.28125}, []int64{5}, []float64{float64(float32(0.1)) * 0.04}},
		{1, []string{"räum <den Tisch> ab"}, 3, 5, 8, 0, 0, []float64{1.125, 1.140625, 1.15625}, []int64{3}, []float64{float64(float32(0.1)) * 0.02}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("episodes are\n%+v, want\n%+v", got, want)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	// (3,1,1): the second and the third channel go on in the outermost list.
	leaf, ok := f.Schema().Lookup("stats/observation.images.front/mean", "list", "element", "list", "element", "list", "element")
	if !ok {
		t.Fatal("the camera has no nested statistics in its episode's row")
	}
	rows := make([]parquet.Row, 3)
	r := f.RowGroups()[0].Rows()
	defer r.Close()
	if n, _ := r.ReadRows(rows); n != 2 {
		t.Fatalf("%d rows of episodes, want 2", n)
	}
	for _, row := range rows[:2] {
		var levels []int
		row.Range(func(column int, values []parquet.Value) bool {
			if column == leaf.ColumnIndex {
				for _, v := range values {
					levels = append(levels, v.RepetitionLevel(), v.DefinitionLevel())
				}
			}
			return true
		})
		if !reflect.DeepEqual(levels, []int{0, 3, 1, 3, 1, 3}) {
			t.Errorf("a camera's mean has the levels %v", levels)
		}
	}
	b = read(t, root, "meta/tasks.parquet")
	tasks, err := parquet.Read[struct {
		Index int64  `parquet:"task_index"`
		Text  string `parquet:"__index_level_0__"`
	}](bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(tasks); s != "[{0 pick up the milk} {1 räum <den Tisch> ab}]" {
		t.Errorf("the tasks are %s", s)
	}
	f, err = parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := f.Lookup("pandas"); !ok || !strings.Contains(v, `"index_columns":["__index_level_0__"]`) {
		t.Errorf("the footer says pandas: %s", v)
	}
}

func TestLeRobot3GoesToTheNextFileAtItsLimit(t *testing.T) {
	dir := t.TempDir()
	w, err := Begin(LeRobotV3, filepath.Join(dir, "out"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := w.sink.(*lerobot3)
	s.dataLimit, s.metaLimit, s.files = 1, 1, 2 // every episode is over it, and a chunk has two files
	for k := range 3 {
		if err := w.Add(t.Context(), run(t, k, 2, jointDims)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	for k, name := range []string{"chunk-000/file-000.parquet", "chunk-000/file-001.parquet", "chunk-001/file-000.parquet"} {
		rows, _ := rowsOf(t, read(t, dir, "out/data", name))
		checkRows(t, rows, k, 2*k)
		b := read(t, dir, "out/meta/episodes", name)
		got, err := parquet.Read[struct {
			Index     int64 `parquet:"episode_index"`
			Chunk     int64 `parquet:"data/chunk_index"`
			File      int64 `parquet:"data/file_index"`
			MetaChunk int64 `parquet:"meta/episodes/chunk_index"`
			MetaFile  int64 `parquet:"meta/episodes/file_index"`
		}](bytes.NewReader(b), int64(len(b)))
		if want := fmt.Sprintf("[{%d %d %d %d %d}]", k, k/2, k%2, k/2, k%2); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s says %v, %v; want %s", name, got, err, want)
		}
	}
}

// The numbers are those of numpy.round(numpy.linspace(0, n-1, wanted)).
func TestSampledFramesAreSpreadEvenly(t *testing.T) {
	for n, want := range map[int]int{1: 1, 2: 2, 100: 100, 150: 100, 1000: 177, 2000: 299} {
		got := sampled(n)
		if len(got) != want || !got[0] || !got[n-1] {
			t.Errorf("of %d frames %d are looked at, want %d with the first and the last", n, len(got), want)
		}
	}
	if got := sampled(150); !got[2] || got[1] || !got[3] {
		t.Errorf("of 150 frames these are looked at: %v", got)
	}
}

func TestNumbersInJSONAreNeverWhole(t *testing.T) {
	for want, v := range map[string]decimals{"[0.0,1.5,-3.0]": {0, 1.5, -3}, "[1e+21,1e-07]": {1e21, 1e-7}, "[]": {}} {
		if got, err := v.MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%v becomes %s, %v; want %s", []float64(v), got, err, want)
		}
	}
}

// parquet-go once made tables more than twice as large as their pictures, by statistics in every page.
func TestATableIsNotMuchLargerThanItsPictures(t *testing.T) {
	e := run(t, 0, 40, jointDims)
	noise := rand.New(rand.NewPCG(1, 2))
	c := &e.Cameras[0]
	c.Width, c.Height = 160, 120
	pictures := 0
	for i := range e.Steps {
		img := paint(*c, 0, i)
		for p := range img.Pix {
			img.Pix[p] ^= byte(noise.Uint32() & 31)
		}
		p, err := episode.FromRGBA(img)
		if err != nil {
			t.Fatal(err)
		}
		e.Steps[i].Pictures[0] = p
		pictures += len(p.Data)
	}
	dir := t.TempDir()
	if err := Write(t.Context(), LeRobotV3, filepath.Join(dir, "out"), Memory(e), Options{}); err != nil {
		t.Fatal(err)
	}
	size := len(read(t, dir, "out/data/chunk-000/file-000.parquet"))
	if size < pictures || size > pictures+pictures/10 {
		t.Errorf("pictures of %d bytes make a table of %d", pictures, size)
	}
}

// Counting bytes gives what the values themselves give.
func TestPixelsAreSummedUpLikeNumbers(t *testing.T) {
	var p pixels
	values := make([][]float64, 3)
	for i := range 3 {
		img := paint(run(t, 0, 1, jointDims).Cameras[0], 1, 7*i)
		p.add(img)
		for at := range img.Pix {
			if c := at % 4; c < 3 {
				values[c] = append(values[c], float64(img.Pix[at])/255)
			}
		}
	}
	got, want := p.summary(), summarize(values)
	if got.count != 3 || !got.picture {
		t.Errorf("%d pictures were counted, want 3", got.count)
	}
	wanted := want.rows(true)
	for i, r := range got.rows(true) {
		for c := range r.values {
			if d := r.values[c] - wanted[i].values[c]; d > 1e-12 || d < -1e-12 {
				t.Errorf("%s of channel %d is %v, want %v", r.name, c, r.values[c], wanted[i].values[c])
			}
		}
	}
}

// Of a large picture every k-th pixel counts: 320×300 pixels give 160×150.
func TestLargePicturesAreThinnedOut(t *testing.T) {
	var p pixels
	p.add(image.NewRGBA(image.Rect(0, 0, 320, 300)))
	if n := p.counts[0][0]; n != 160*150 {
		t.Errorf("%d pixels were counted, want %d", n, 160*150)
	}
}
