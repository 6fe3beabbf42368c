package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"winnow/app/engine"
	"winnow/internal/trace"
)

// fakeDrawer draws greys of 8 × 8 pixels: 100 dense, 90 with the first stack, 80 with the second.
type fakeDrawer struct {
	fakeEngine
	stop    func() // called before the third step of stopAt
	stopAt  string
	preview []byte
}

func grey(level uint8) []byte {
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = level
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (f *fakeDrawer) Run(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	f.asked = r
	emit(trace.Started{Schema: trace.Schema, Version: "0", Time: "2026-01-02T03:04:05Z", Request: r})
	if f.fail != "" {
		emit(trace.Failed{Error: f.fail})
		emit(trace.Ended{})
		return errors.New(f.fail)
	}
	emit(trace.Model{Name: "tiny", Layers: 2, Parameters: 8_900_000, Device: "ref"})
	emit(trace.Drawing{Width: 8, Height: 8, Rows: 2, Cols: 2, Steps: r.Draw.Steps, Solver: r.Draw.Solver, TextMS: 2})
	emit(trace.Notice{Text: "the prompt\x1b was cut"})
	kinds := []string{trace.StepFull, trace.StepToken, trace.StepSkip, trace.StepLagrange}
	for i := range 1 + len(r.Stacks()) {
		side, sum := trace.Dense, trace.Drawn{MS: 4000, Ended: "done", NFE: 4, FLOPs: 400, Image: grey(uint8(100 - 10*i))}
		if i > 0 {
			side = trace.SideName(i - 1)
			psnr, ssim := 28.13, 0.99
			sum.MS, sum.SelectMS, sum.NFE, sum.FLOPs, sum.PSNR, sum.SSIM = 2000, 40, 2, 150, &psnr, &ssim
		}
		sum.Side = side
		emit(trace.SideStarted{Side: side})
		for n, kind := range kinds {
			if side == f.stopAt && n == 2 {
				f.stop()
				emit(trace.Drawn{Side: side, Ended: "cancelled"})
				emit(trace.Ended{Cancelled: true})
				return nil
			}
			d := trace.Denoised{Side: side, Step: n, Kind: trace.StepFull, Kept: 4, MS: 1000, FLOPs: 100, Preview: f.preview}
			if i > 0 {
				k, zero := float64(n)-1.5, 0.0
				d.Kind, d.Kept, d.Criterion, d.Threshold = kind, []int{4, 2, 0, 0}[n], &k, &zero
			}
			if n == 0 {
				d.Criterion = nil
			}
			emit(d)
		}
		emit(sum)
	}
	emit(trace.Ended{MS: 6100, PeakMemory: 1 << 20})
	return nil
}

// draws runs a command line with the drawer behind it.
func draws(t *testing.T, ctx context.Context, f *fakeDrawer, args ...string) (out, notes string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = Run(ctx, args, Env{In: strings.NewReader(""), Out: &o, Err: &e, NewEngine: func() engine.Engine { return f }})
	return o.String(), e.String(), code
}

// level is the grey of a picture's corner.
func level(t *testing.T, path string) uint8 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return color.GrayModel.Convert(img.At(0, 0)).(color.Gray).Y
}

func TestDrawWritesPicturesWithTheirRun(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	var f fakeDrawer
	out, notes, code := draws(t, t.Context(), &f, "draw", "--prompt", "a red apple", "--model", "m", "--steps", "4", "--seed", "7", "--solver", "Flow-Euler",
		"--guidance", "4.5", "--size", "64", "--method", "sada,max_interval=3", "--out", at("p.png"), "--out-dense", at("d.png"), "--out-diff", at("x.png"), "--trace", at("t.jsonl"))
	if code != 0 {
		t.Fatalf("code %d, %s", code, notes)
	}
	want := trace.Request{Model: "m", Device: "auto", Methods: []trace.Spec{{Name: "sada", Params: map[string]string{"max_interval": "3"}}}, Compare: []trace.Stack{},
		Draw: &trace.Draw{Prompt: "a red apple", Seed: 7, Steps: 4, Solver: "flow-euler", Guidance: 4.5, Size: 64}}
	if !reflect.DeepEqual(f.asked, want) {
		t.Errorf("-want %+v\n+got  %+v", want, f.asked)
	}
	has(t, "the output", out, "model    tiny, 8.9 M parameters", "drawing  8 × 8 pixels, 2 × 2 tokens, 4 steps of flow-euler, guidance 4.5, seed 7",
		"\npruned   ■▒·~\n", "Evaluations", "counted", "50 %", "2.00× faster", "28.13 dB", "0.9900")
	has(t, "stderr", notes, "note: the prompt was cut\n", "wrote "+at("p.png"), "wrote "+at("t.jsonl"))
	if l := []uint8{level(t, at("p.png")), level(t, at("d.png")), level(t, at("x.png"))}; !reflect.DeepEqual(l, []uint8{90, 100, 80}) {
		t.Errorf("pruned, dense and difference are %v", l)
	}
	lines, err := os.ReadFile(at("t.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"p.png", "d.png", "x.png"} {
		again, notes, code := draws(t, t.Context(), &f, "open", at(name), "--events")
		if code != 0 || again != string(lines) {
			t.Errorf("%s: the events are not the trace (%s)", name, notes)
		}
	}
	out, notes, code = draws(t, t.Context(), &f, "open", at("t.jsonl"), "--figure", at("again.png"))
	has(t, "open", out, "prompt   a red apple\n", "method   sada,max_interval=3\n", "■▒·~", "28.13 dB",
		"Again: winnow draw --prompt 'a red apple' --model m --method sada,max_interval=3 --seed 7 --steps 4 --solver flow-euler --guidance 4.5 --size 64 --out drawing.png\n")
	if code != 0 || level(t, at("again.png")) != 90 {
		t.Errorf("code %d, %s", code, notes)
	}
	var j drawJSON
	out, _, _ = draws(t, t.Context(), &f, "open", at("p.png"), "--json")
	if err := json.Unmarshal([]byte(out), &j); err != nil || j.Pruned == nil || j.Pruned.NFE != 2 {
		t.Errorf("%v in %s", err, out)
	}
	if _, notes, code := draws(t, t.Context(), &f, "open", at("p.png"), "--layer", "0"); code != 2 || !strings.Contains(notes, "this run is a drawing") {
		t.Errorf("code %d, %s", code, notes)
	}
}

func TestDrawPrintsTheJSONOfTheIssue(t *testing.T) {
	var f fakeDrawer
	out, notes, code := draws(t, t.Context(), &f, "draw", "--prompt", "x", "--steps", "4", "--method", "sada", "--json", "--out", filepath.Join(t.TempDir(), "p.png"))
	type side struct {
		NFE     int     `json:"nfe"`
		Seconds float64 `json:"seconds"`
		FLOPs   int64   `json:"flops"`
		Steps   []struct {
			Kind      string   `json:"kind"`
			Kept      int      `json:"kept"`
			Criterion *float64 `json:"criterion"`
		} `json:"steps"`
	}
	var got struct {
		Dense, Pruned *side
		PSNR          float64 `json:"psnr"`
		SSIM          float64 `json:"ssim"`
		Tokens        int     `json:"tokens"`
		Sides         []any   `json:"sides"`
	}
	dec := json.NewDecoder(strings.NewReader(out))
	if err := dec.Decode(&got); err != nil || code != 0 || dec.More() {
		t.Fatalf("code %d, %v, %s\n%s", code, err, notes, out)
	}
	if d := got.Dense; d.NFE != 4 || d.Seconds != 4 || d.FLOPs != 400 || d.Steps != nil || got.PSNR != 28.13 || got.SSIM != 0.99 || got.Tokens != 4 || got.Sides != nil {
		t.Errorf("got %+v", got)
	}
	p := got.Pruned
	if p.NFE != 2 || p.Seconds != 2 || len(p.Steps) != 4 || p.Steps[1].Kind != "token" || p.Steps[1].Kept != 2 || *p.Steps[1].Criterion != -0.5 || p.Steps[0].Criterion != nil {
		t.Errorf("got %+v", p)
	}
	if strings.Contains(notes, "wrote") {
		t.Errorf("--json is not quiet: %s", notes)
	}
}

func TestDrawWithoutAMethodIsDense(t *testing.T) {
	var f fakeDrawer
	path := filepath.Join(t.TempDir(), "d.png")
	for _, method := range [][]string{nil, {"--method", "none"}} {
		out, notes, code := draws(t, t.Context(), &f, append([]string{"draw", "--prompt", "x", "--out", path}, method...)...)
		if code != 0 || len(f.asked.Stacks()) != 0 || level(t, path) != 100 || strings.Contains(out, "PSNR") {
			t.Errorf("code %d, %s, %+v\n%s", code, notes, f.asked, out)
		}
		if d := f.asked.Draw; d.Steps != 50 || d.Solver != "dpm++2m" || d.Guidance != 3 || d.Size != 0 {
			t.Errorf("the defaults are %+v", d)
		}
		has(t, "the output", out, "Evaluations", "4 s")
	}
}

func TestDrawComparesSeveralMethods(t *testing.T) {
	var f fakeDrawer
	path := filepath.Join(t.TempDir(), "p.png")
	args := []string{"draw", "--prompt", "x", "--out", path, "--method", "sada", "--method", "stepcache,interval=3"}
	out, notes, code := draws(t, t.Context(), &f, args...)
	if code != 0 || len(f.asked.Compare) != 1 || f.asked.Compare[0].Methods[0].Params["interval"] != "3" || level(t, path) != 90 {
		t.Fatalf("code %d, %s, %+v", code, notes, f.asked)
	}
	has(t, "the output", out, "\nsada     ■▒·~\n", "\nstepcache\n         ■▒·~\n")
	out, _, _ = draws(t, t.Context(), &f, append(args, "--json")...)
	var j drawJSON
	if err := json.Unmarshal([]byte(out), &j); err != nil || len(j.Sides) != 2 || j.Sides[1].Side != "pruned2" || j.Sides[1].Label != "stepcache" || *j.Sides[1].PSNR != 28.13 || j.Sides[1].Result.NFE != 2 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestWrongDrawingsAreSentencesWithCode2(t *testing.T) {
	for want, args := range map[string][]string{
		"--steps is 0; it takes a number from 1 to 1000":             {"--steps=0"},
		"--steps is 1001; it takes":                                  {"--steps=1001"},
		"--guidance is 0.5; it takes a number from 1, which is none": {"--guidance=0.5"},
		"--guidance is NaN; it takes":                                {"--guidance=NaN"},
		"--guidance is +Inf; it takes":                               {"--guidance=Inf"},
		"--guidance is -1; it takes":                                 {"--guidance=-1"},
		"--steps is -1; it takes":                                    {"--steps=-1"},
		"--steps is 5000; it takes":                                  {"--steps=5000"},
		"--size is -8; it takes a number of pixels":                  {"--size=-8"},
		"--size is 100000; it takes a number of pixels up to 2048":   {"--size=100000"},
		`--seed: expected a valid 64 bit uint but got "-1"`:          {"--seed=-1"},
		`--seed: expected a valid 64 bit uint but got "184467440737`: {"--seed=18446744073709551616"},
		`there is no solver "heun"; choose from flow-euler, ddim`:    {"--solver", "heun"},
		`there is no method "sadda"; choose from `:                   {"--method", "sadda"},
		"fastv is no method for drawing; choose from sada, stepcach": {"--method", "fastv"},
		"--method none is the dense picture":                         {"--method", "none", "--method", "sada"},
		"--method was given 5 times; 4 is the most":                  {"--method", "sada", "--method", "sada", "--method", "sada", "--method", "sada", "--method", "sada"},
		"--out-diff compares the pruned picture with the dense one":  {"--out-diff", "x.png"},
		"--prompt is empty; say what to draw":                        {"--prompt", " "},
		"--prompt is empty; say what":                                {"--prompt", ""},
		`there is no device "gpu"`:                                   {"--device", "gpu"},
		"unknown flag --step":                                        {"--step", "4"},
	} {
		var f fakeDrawer
		out, notes, code := draws(t, t.Context(), &f, append([]string{"draw", "--prompt", "x", "--out", "x.png"}, args...)...)
		if code != 2 || out != "" || !strings.HasPrefix(notes, "winnow: "+want) || strings.Count(notes, "\n") != 1 {
			t.Errorf("%v: code %d, %q; want %q", args, code, notes, want)
		}
	}
	var f fakeDrawer
	if _, notes, code := draws(t, t.Context(), &f, "draw", "--prompt", "x"); code != 2 || !strings.Contains(notes, "missing flags: --out=FILE.png") {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestACancelledDrawingKeepsWhatIsDone(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	ctx, cancel := context.WithCancel(t.Context())
	f := fakeDrawer{stop: cancel, stopAt: trace.Pruned}
	_, notes, code := draws(t, ctx, &f, "draw", "--prompt", "x", "--method", "sada", "--out", at("p.png"), "--out-dense", at("d.png"), "--out-diff", at("x.png"), "--trace", at("t.jsonl"))
	if code != 130 || !strings.Contains(notes, "winnow: cancelled") || level(t, at("d.png")) != 100 {
		t.Errorf("code %d, %s", code, notes)
	}
	for _, name := range []string{"p.png", "x.png"} {
		if isFile(at(name)) {
			t.Errorf("%s was written", name)
		}
	}
	out, _, code := draws(t, t.Context(), &f, "open", at("t.jsonl"))
	has(t, "open", out, "■▒\n", "The run was cancelled.")
	if code != 0 {
		t.Errorf("code %d", code)
	}
}

func TestADrawingThatFailsSaysSoOnce(t *testing.T) {
	f := fakeDrawer{fakeEngine: fakeEngine{fail: "no model that draws ships with winnow yet; train one"}}
	path := filepath.Join(t.TempDir(), "p.png")
	out, notes, code := draws(t, t.Context(), &f, "draw", "--prompt", "x", "--out", path, "--json")
	has(t, "the JSON", out, `"error": "no model that draws ships`, `"dense": null`, `"psnr": null`)
	if code != 1 || strings.Count(notes, "no model that draws") != 1 || isFile(path) {
		t.Errorf("code %d, %q", code, notes)
	}
	if out, _, _ := draws(t, t.Context(), &f, "draw", "--prompt", "x", "--out", path); out != "" {
		t.Errorf("printed %q", out)
	}
}

// TestPlacesAreCheckedBeforeTheDrawing: nothing is drawn for a file that could not be written.
func TestPlacesAreCheckedBeforeTheDrawing(t *testing.T) {
	dir := t.TempDir()
	file, good := filepath.Join(dir, "file"), filepath.Join(dir, "p.png")
	if err := os.WriteFile(file, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	targets := map[string]string{
		filepath.Join(dir, "gone", "p.png"): "cannot be written: there is no folder " + filepath.Join(dir, "gone") + "; make it or choose another",
		filepath.Join(file, "p.png"):        "is a file, not a folder; choose another",
		dir:                                 "is a folder; give the name of a file in it",
	}
	if runtime.GOOS == "linux" {
		targets["/proc/p.png"] = "cannot be written: no file can be made in /proc (" // for the superuser too
	}
	for path, want := range targets {
		for _, flag := range []string{"--out", "--out-dense", "--out-diff", "--trace"} {
			args := []string{"draw", "--prompt", "x", "--method", "sada", flag, path}
			if flag != "--out" {
				args = append(args, "--out", good)
			}
			var f fakeDrawer
			out, notes, code := draws(t, t.Context(), &f, args...)
			if code != 1 || !strings.Contains(notes, want) || strings.Count(notes, "\n") != 1 || out != "" || f.asked.Draw != nil || isFile(good) {
				t.Errorf("%s %s: code %d, %q; want %q", flag, path, code, notes, want)
			}
		}
	}
	var f fakeDrawer
	_, notes, code := draws(t, t.Context(), &f, "draw", "--prompt", "x", "--out", good, "--out-dense", filepath.Join(dir, ".", "p.png"))
	if code != 2 || !strings.Contains(notes, "--out and --out-dense name the same file") || f.asked.Draw != nil {
		t.Errorf("one file for two pictures: code %d, %q", code, notes)
	}
	if _, notes, code := draws(t, t.Context(), &f, "draw", "--prompt", "x", "--out", file); code != 0 {
		t.Errorf("a file that is there: code %d, %q", code, notes)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("%v stay", list)
	}
}

func TestPicturesThatCannotBeWritten(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a disk that is always full")
	}
	var f fakeDrawer
	out, notes, code := draws(t, t.Context(), &f, "draw", "--prompt", "x", "--out", "/dev/full")
	if code != 1 || !strings.Contains(notes, "/dev/full was not written: the disk is full") || !strings.Contains(out, "Evaluations") {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestAPictureLeavesOutHeavyPreviews(t *testing.T) {
	dir := t.TempDir()
	f := fakeDrawer{preview: bytes.Repeat([]byte{7}, trace.MaxPreviews/8+1)}
	_, notes, code := draws(t, t.Context(), &f, "draw", "--prompt", "x", "--method", "sada", "--out", filepath.Join(dir, "p.png"), "--trace", filepath.Join(dir, "t.jsonl"))
	if code != 0 {
		t.Fatal(notes)
	}
	for name, want := range map[string]int{"p.png": 0, "t.jsonl": len(f.preview)} {
		events, err := trace.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range trace.Fold(events).Pruned.Denoised {
			if len(d.Preview) != want {
				t.Errorf("%s: a preview of %d bytes", name, len(d.Preview))
			}
		}
	}
}
