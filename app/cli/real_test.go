package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"winnow/app/engine"
	"winnow/internal/trace"
)

// real is a command line with the real engine and the built-in model behind it: on the native
// libraries where they are installed, else in plain Go.
func real(t *testing.T, args ...string) (out, notes string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = Run(context.Background(), args, Env{In: strings.NewReader(""), Out: &o, Err: &e,
		NewEngine: func() engine.Engine { return engine.NewLocal(engine.LocalOptions{}) }})
	return o.String(), e.String(), code
}

const scene = "../../assets/samples/01-duck.png"

// formats writes the scene in every format that there is an encoder for.
func formats(t *testing.T) []string {
	t.Helper()
	f, err := os.Open(scene)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{scene, "../../vision/picture/testdata/lossy.webp"}
	for name, encode := range map[string]func(io.Writer, image.Image) error{
		"scene.jpg":         func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, &jpeg.Options{Quality: 95}) },
		"with space é.jpeg": func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) },
		"scene.gif":         func(w io.Writer, m image.Image) error { return gif.Encode(w, m, nil) },
		"scene.bmp":         bmp.Encode,
		"scene.tiff":        func(w io.Writer, m image.Image) error { return tiff.Encode(w, m, nil) },
		"noextension":       png.Encode,
	} {
		var b bytes.Buffer
		if err := encode(&b, img); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

type answers struct{ Dense, Pruned *sideJSON }

// Nothing here depends on what the built-in model knows: the next one may know other things.
func TestRealAnswersOnEveryFormat(t *testing.T) {
	same := map[string]string{} // lossless formats, and their answers
	for _, path := range formats(t) {
		out, notes, code := real(t, "ask", "--image", path, "--prompt", "What is in the picture?", "--method", "fastv,layer=2,keep=0.5", "--json")
		var a answers
		if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 || a.Dense == nil || a.Pruned == nil {
			t.Errorf("%s: code %d, %v, %s", filepath.Base(path), code, err, notes)
			continue
		}
		d, p := a.Dense, a.Pruned
		if strings.HasSuffix(path, "webp") {
			continue // a picture of another kind; that it is read counts
		}
		if d.Answer == "" {
			t.Errorf("%s: no answer", filepath.Base(path))
		}
		if ext := filepath.Ext(path); ext == "" || ext == ".png" || ext == ".bmp" || ext == ".tiff" {
			same[ext] = d.Answer
		}
		n := len(p.KeptByLayer)
		if n == 0 || p.KeptByLayer[0] != p.Visual || p.KeptByLayer[n-1] != p.Visual/2 || p.Visual == 0 {
			t.Errorf("%s: kept %v of %d", filepath.Base(path), p.KeptByLayer, p.Visual)
		}
		if p.PrefillFLOPs >= d.PrefillFLOPs || p.KVBytes >= d.KVBytes || d.TTFTMS <= 0 || p.TTFTMS <= 0 {
			t.Errorf("%s: nothing was saved: %+v against %+v", filepath.Base(path), p, d)
		}
	}
	for ext, answer := range same {
		if len(same) != 4 || answer != same[".png"] {
			t.Errorf("the scene as %q is answered by %q, as .png by %q", ext, answer, same[".png"])
		}
	}
}

func TestRealNeutralSettingGivesTheDenseAnswer(t *testing.T) {
	out, notes, code := real(t, "ask", "--image", scene, "--prompt", "What is in the picture?", "--method", "fastv,keep=1", "--json")
	var a answers
	if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 {
		t.Fatalf("code %d, %v, %s", code, err, notes)
	}
	if a.Dense.Answer != a.Pruned.Answer || a.Dense.KVBytes != a.Pruned.KVBytes {
		t.Errorf("dense %+v, pruned %+v", a.Dense, a.Pruned)
	}
}

func TestRealPicturesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile(scene)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"empty.png": nil, "cut.png": whole[:len(whole)/2], "text.jpg": []byte("hello, I am a text\n"),
		"noise.png": append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{0xaa}, 500)...)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		out, notes, code := real(t, "ask", "--image", path, "--prompt", "x", "--json")
		var j struct{ Error string }
		if err := json.Unmarshal([]byte(out), &j); err != nil || code != 1 || !strings.Contains(j.Error, name) || !strings.Contains(notes, "winnow: "+j.Error) {
			t.Errorf("%s: code %d, %q, %v, %q", name, code, out, err, notes)
		}
	}
}

func TestRealModelsThatAreNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lies.gguf")
	if err := os.WriteFile(path, []byte("GGUF\x03\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x7f"), 0o644); err != nil {
		t.Fatal(err)
	}
	for model, want := range map[string]string{"nosuch": `there is no model "nosuch"; `, "gone.gguf": "there is no file gone.gguf", path: "lies.gguf", scene: "01-duck.png"} {
		_, notes, code := real(t, "ask", "--image", scene, "--prompt", "x", "--model", model)
		if code != 1 || !strings.Contains(notes, want) || strings.Count(notes, "\n") != 1 {
			t.Errorf("%s: code %d, %q", model, code, notes)
		}
	}
}

func TestRealExports(t *testing.T) {
	dir := t.TempDir()
	jsonl, figure := filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "run.png")
	if _, notes, code := real(t, "ask", "--image", scene, "--prompt", "What is it?", "--trace", jsonl, "--figure", figure); code != 0 {
		t.Fatal(notes)
	}
	for _, path := range []string{jsonl, figure} {
		events, err := trace.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s := trace.Fold(events)
		if s.Dense == nil || s.Pruned == nil || !s.Ended || len(s.Picture.Data) == 0 {
			t.Errorf("%s lacks a part of the run", path)
		}
		if out, _, code := real(t, "open", path, "--layer", "3"); code != 0 || !strings.Contains(out, "■ kept (") || !strings.Contains(out, "Scores by corematching") {
			t.Errorf("open: code %d\n%s", code, out)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	out, notes, code := real(t, "ask", "--image", scene, "--prompt", "What is in the picture?", "--trace", "/dev/full")
	has(t, "the output", out, "\ndense ", "\npruned ", "Prefill arithmetic")
	if code != 1 || !strings.Contains(notes, "the disk is full") {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestRealComparisonAndItsExports(t *testing.T) {
	dir := t.TempDir()
	jsonl, figure := filepath.Join(dir, "c.jsonl"), filepath.Join(dir, "c.png")
	out, notes, code := real(t, "compare", "--image", scene, "--prompt", "What is in the picture?", "--method", "fastv,layer=1,keep=0.5",
		"--method", "fastv,layer=1,keep=0.25", "--method", "random,layer=1,keep=0.25", "--force", "0,0=in", "--trace", jsonl, "--figure", figure, "--json")
	var j resultJSON
	if err := json.Unmarshal([]byte(out), &j); err != nil || code != 0 || len(j.Sides) != 3 {
		t.Fatalf("code %d, %v, %s", code, err, notes)
	}
	for i, s := range j.Sides {
		if s.Result == nil || s.Result.Answer == "" || s.Result.PrefillFLOPs >= j.Dense.PrefillFLOPs || s.Result.KeptByLayer[1] > s.Result.KeptByLayer[0]/(2<<min(i, 1))+1 {
			t.Errorf("side %d: %+v", i, s)
		}
	}
	// Both keep a quarter; that they agree wholly, or not at all, would be a mistake.
	if v := j.Sides[1].Jaccard["pruned3"]; !(v > 0.1 && v < 0.95) {
		t.Errorf("the overlap of fastv and random is %g", v)
	}
	for _, path := range []string{jsonl, figure} {
		out, _, code := real(t, "open", path, "--layer", "2")
		has(t, path, out, "stack 1  fastv,keep=0.5,layer=1", "by hand  0,0=in", "First token", "(Jaccard, counted), layer 2",
			"Visual tokens in layer 2, random: ■ kept (", "Again: winnow compare --image "+scene)
		if code != 0 {
			t.Errorf("open: code %d", code)
		}
	}
	// The same command again gives the same answers.
	again, _, _ := real(t, "compare", "--image", scene, "--prompt", "What is in the picture?", "--method", "fastv,layer=1,keep=0.5",
		"--method", "fastv,layer=1,keep=0.25", "--method", "random,layer=1,keep=0.25", "--force", "0,0=in", "--json")
	var k resultJSON
	if err := json.Unmarshal([]byte(again), &k); err != nil || len(k.Sides) != 3 {
		t.Fatal(err)
	}
	for i := range k.Sides {
		if a, b := j.Sides[i].Result, k.Sides[i].Result; a.Answer != b.Answer || a.FLOPs != b.FLOPs || a.KVBytes != b.KVBytes {
			t.Errorf("side %d: %+v and then %+v", i, a, b)
		}
	}
}

func TestRealSweepEndsInDense(t *testing.T) {
	dir := t.TempDir()
	csv, figure := filepath.Join(dir, "p.csv"), filepath.Join(dir, "p.png")
	out, notes, code := real(t, "sweep", "--image", scene, "--prompt", "What is in the picture?", "--method", "fastv,layer=1", "--values", "0,0.5,1", "--csv", csv, "--figure", figure, "--json")
	var j resultJSON
	if err := json.Unmarshal([]byte(out), &j); err != nil || code != 0 || len(j.Points) != 3 || j.Dense == nil {
		t.Fatalf("code %d, %v, %s", code, err, notes)
	}
	if none, all := j.Points[0], j.Points[2]; all.KL != 0 || all.Top1 != 1 || all.Summary.KVBytes != j.Dense.KVBytes || !(none.KL > 0) {
		t.Errorf("from %+v to %+v", none, all)
	}
	if table, err := os.ReadFile(csv); err != nil || strings.Count(string(table), "\n") != 4 {
		t.Errorf("%v\n%s", err, table)
	}
	text, _, code := real(t, "open", figure)
	has(t, "open", text, "  keep  KL (nats)", "     1     0.0000   100.0 %        100.0 %   100.0 %      100.0 %", "Again: winnow sweep ")
	if code != 0 {
		t.Errorf("code %d", code)
	}
}

func TestRealStacksThatConflictAreNamed(t *testing.T) {
	_, notes, code := real(t, "compare", "--image", scene, "--prompt", "x", "--method", "fastv", "--method", "fastv+random")
	if code != 1 || !strings.Contains(notes, "stack 2 (fastv + random): FastV and Random both drop rows") || strings.Count(notes, "\n") != 1 {
		t.Errorf("code %d, %q", code, notes)
	}
	_, notes, code = real(t, "ask", "--image", scene, "--prompt", "x", "--method", "none", "--force", "99,0=out")
	if code != 1 || !strings.Contains(notes, "row 99, column 0 is forced by hand, but the picture's rows are 0 to ") {
		t.Errorf("code %d, %q", code, notes)
	}
}
