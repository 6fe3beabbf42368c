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
