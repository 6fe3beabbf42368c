package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"winnow/assets/samples"
	"winnow/internal/compute/device"
	"winnow/pruning"
	"winnow/vision/preprocess"
)

// small is an evaluation of a few scenes with the built-in model. One thread: more wait for each
// other where other tests run.
func small(t *testing.T, n int) Options {
	t.Helper()
	b, _, err := device.Open("cpu", 1)
	if err != nil {
		t.Skip(err)
	}
	b.Close()
	src, err := Painted(PaintedOptions{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	return Options{Source: src, N: n, Seed: 5, Device: "cpu", Threads: 1,
		Stacks: [][]pruning.Spec{{{Name: "fastv", Params: map[string]string{"layer": "1", "keep": "0.1"}}}, {{Name: "fastv", Params: map[string]string{"keep": "1"}}}}}
}

func reported(t *testing.T, r *Results) string {
	t.Helper()
	rep, err := r.Report()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A run that is cut off in its second scene, and once more in the middle of a line, reports what an
// uninterrupted one reports.
func TestResumedIsTheSame(t *testing.T) {
	o := small(t, 3)
	whole, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := reported(t, whole)
	rep, _ := whole.Report()
	m := rep.Methods[0]
	if rep.N != 3 || m.Budget != "visual tokens" || !(m.Kept > 0.2 && m.Kept < 0.3) || m.Share != m.RandomShare || !(m.FLOPs < 0.4) {
		t.Errorf("got %s", want)
	}
	if n := rep.Methods[1]; n.Of[Agreement].Value != 1 || n.Kept != 1 || n.FLOPs != 1 || n.Budget != "" {
		t.Errorf("the neutral setting is not dense: %+v", n.Score)
	}

	o.Resume = filepath.Join(t.TempDir(), "done.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(done, _ int) {
		if done == 1 {
			cancel()
		}
	}
	part, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) || len(part.Scenes) != 1 {
		t.Fatalf("cancelled: %v, %d scenes", err, len(part.Scenes))
	}
	f, err := os.OpenFile(o.Resume, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"scene":1,"name":"1","ob`)
	f.Close()
	first := -1
	o.Progress = func(done, _ int) {
		if first < 0 {
			first = done
		}
	}
	again, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := reported(t, again); got != want || first != 1 {
		t.Errorf("resumed at scene %d:\n%s\nwant\n%s", first, got, want)
	}

	// All are there now: fewer scenes are their beginning, and other settings are refused.
	o.N = 1
	if r, err := Run(t.Context(), o); err != nil || !reflect.DeepEqual(r.Scenes, whole.Scenes[:1]) {
		t.Errorf("one scene of three: %v", err)
	}
	for what, change := range map[string]func(*Options){
		"the seed is 5 there, 6 here": func(o *Options) { o.Seed = 6 },
		"its methods are dense; fast": func(o *Options) { o.Stacks = nil },
		"themes broken":               func(o *Options) { o.Source, _ = Painted(PaintedOptions{Seed: 5, Broken: true}) },
		"448 pixels":                  func(o *Options) { o.Source, _ = Painted(PaintedOptions{Seed: 5, Side: 448}) },
	} {
		other := o
		change(&other)
		if _, err := Run(t.Context(), other); err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "other settings") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAForeignResumeFileStaysAsItIs(t *testing.T) {
	for _, text := range []string{"my diary", "my diary\nday two\n", `{"a":1}` + "\n"} {
		path := filepath.Join(t.TempDir(), "diary.txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openLog(path, header{Version: 1}, 3); err == nil || !strings.Contains(err.Error(), "is no file of finished scenes") {
			t.Errorf("%q: %v", text, err)
		}
		if data, _ := os.ReadFile(path); string(data) != text {
			t.Errorf("%q became %q", text, data)
		}
	}
	if _, err := openLog(filepath.Join(t.TempDir(), "no", "such"), header{}, 1); err == nil || !strings.Contains(err.Error(), "name another file") {
		t.Error(err)
	}
}

func TestConflictsAreRefusedBeforeTheRun(t *testing.T) {
	o := small(t, 1)
	o.Stacks = [][]pruning.Spec{{{Name: "fastv"}, {Name: "random"}}}
	if _, err := Run(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "fastv+random: ") {
		t.Error(err)
	}
	o.N = 0
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "at least 1") {
		t.Error(err)
	}
}

func TestPaintedErrors(t *testing.T) {
	if _, err := Painted(PaintedOptions{Style: "cubist"}); err == nil || !strings.Contains(err.Error(), "choose from ") {
		t.Error(err)
	}
	if _, err := Painted(PaintedOptions{Sprites: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a folder that is not there is painted from")
	}
}

func TestSameSeedSameScenes(t *testing.T) {
	scene := func(o PaintedOptions, i int) *Scene {
		src, err := Painted(o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := src.Scene(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a := scene(PaintedOptions{Seed: 1}, 2)
	if b := scene(PaintedOptions{Seed: 1}, 2); !reflect.DeepEqual(a, b) {
		t.Error("the same seed gives another scene")
	}
	if b := scene(PaintedOptions{Seed: 2}, 2); bytes.Equal(a.Picture.Image.Pix, b.Picture.Image.Pix) {
		t.Error("another seed gives the same scene")
	}
}

// photoFolder has two pictures with a dog at the top left; the first also two phones and a fork.
func photoFolder(t *testing.T, change func(string) string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range []string{"a.png", "b.png"} {
		if err := os.WriteFile(filepath.Join(dir, name), samples.Scenes()[i].Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := `{"images":[{"id":7,"file_name":"a.png","width":448,"height":448},{"id":9,"file_name":"b.png","width":448,"height":448}],
"annotations":[{"image_id":7,"category_id":1,"bbox":[10,10,100,100],"iscrowd":0},{"image_id":7,"category_id":2,"bbox":[200,200,50,50]},
{"image_id":7,"category_id":2,"bbox":[300,200,50,50]},{"image_id":7,"category_id":3,"bbox":[0,0,9,9]},{"image_id":9,"category_id":1,"bbox":[10,10,100,100]},
{"image_id":9,"category_id":4,"bbox":[400,400,40,40],"iscrowd":1}],
"categories":[{"id":1,"name":"dog"},{"id":2,"name":"cell phone"},{"id":3,"name":"fork"},{"id":4,"name":"sheep"},{"id":5,"name":"tv"},{"id":6,"name":"dining table"}]}`
	if change != nil {
		text = change(text)
	}
	if err := os.WriteFile(filepath.Join(dir, "annotations.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPhotos(t *testing.T) {
	src, err := Photos(photoFolder(t, nil), 1)
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(src.Notes(), "\n"); !strings.Contains(notes, "transfer") || !strings.Contains(notes, "fork, dining table") || src.Len() != 2 {
		t.Errorf("notes %s", notes)
	}
	s, err := src.Scene(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	truth := map[string]string{}
	for _, q := range s.Questions {
		truth[q.Text] = normal(q.Truth)
		if q.Kind == "exist" && (yesNo(q.Truth) == "yes") != (q.Noun == "dog" || q.Noun == "phone") {
			t.Errorf("%+v", q)
		}
	}
	if truth["Where is the dog?"] != "top left" || truth["How many phones are there?"] != "two" || truth["How many dogs are there?"] != "one" {
		t.Errorf("got %v", truth)
	}
	if _, asked := truth["Where is the phone?"]; asked {
		t.Error("it asks where one of two is")
	}
	s, _ = src.Scene(t.Context(), 1)
	for _, q := range s.Questions {
		if q.Noun == "sheep" && (q.Kind == "count" || q.Kind == "where") {
			t.Errorf("a crowd is counted: %+v", q)
		}
	}
	for sentence, change := range map[string]func(string) string{
		"is not in COCO's form":         func(s string) string { return s[:40] },
		"not inside its folder":         func(s string) string { return strings.Replace(s, `"a.png"`, `"../a.png"`, 1) },
		"belongs to no photograph":      func(s string) string { return strings.Replace(s, `"image_id":9`, `"image_id":8`, 1) },
		"needs a bbox of four":          func(s string) string { return strings.Replace(s, `[10,10,100,100]`, `[10]`, 1) },
		"that the model has a word":     func(string) string { return `{}` },
		"takes a folder of photographs": nil,
	} {
		dir := t.TempDir()
		if change != nil {
			dir = photoFolder(t, change)
		}
		if _, err := Photos(dir, 1); err == nil || !strings.Contains(err.Error(), sentence) {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

func TestScenesAreAsLargeAsTheModelSees(t *testing.T) {
	for _, c := range []struct {
		asked, seen, want int
		settings          string
	}{
		{0, 336, 336, "painted scenes, style twemoji, 336 pixels, seed 0"},
		{0, 224, 224, "painted scenes, style twemoji, seed 0"},
		{0, 512, 224, "painted scenes, style twemoji, seed 0"}, // no whole patches
		{0, 1344, 224, "painted scenes, style twemoji, seed 0"},
		{448, 336, 448, "painted scenes, style twemoji, 448 pixels, seed 0"},
	} {
		s, err := Painted(PaintedOptions{Side: c.asked})
		if err != nil {
			t.Fatal(err)
		}
		s.(*painted).fit(preprocess.Size{W: c.seen, H: c.seen})
		scene, err := s.Scene(t.Context(), 0)
		if err != nil || scene.Picture.Width != c.want || s.Settings() != c.settings {
			t.Errorf("asked for %d, seen at %d: %d pixels (%v), %q", c.asked, c.seen, scene.Picture.Width, err, s.Settings())
		}
	}
}
