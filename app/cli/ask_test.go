package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"winnow/internal/trace"
)

// photo is a file in a place of its own; the fake engine does not look into it.
func photo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "photo.png")
	if err := os.WriteFile(path, []byte("pixels"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAskStreamsBothAnswersAndTheSavings(t *testing.T) {
	var d desk
	out, notes, code := d.run(t, "ask", "--image", photo(t), "--prompt", "What is it?")
	if code != 0 {
		t.Fatalf("code %d, %s", code, notes)
	}
	has(t, "the output", out, "model    tiny, 1.2 M parameters in q8_0, 3 layers, on ref with 2 threads\n",
		"picture  photo.png, 64 × 64 pixels, 4 × 4 visual tokens", "\ndense    A[31m cat sits\n", "\npruned   A cat sleeps\n",
		"First token", "measured", "60 ms", "30 ms", "2.0× sooner", "counted", "2 of 4 kB",
		"Kept by layer: 16 in layer 0, 8 in layers 1–2", "The answers differ from token 1 on.")
	has(t, "stderr", notes, "note: computing in plain Go")
	if strings.Contains(out, "\x1b") {
		t.Error("an answer can send escape sequences to the terminal")
	}
	if r := d.engine.asked; len(r.Methods) != 1 || r.Methods[0].Name != "corematching" || r.Device != "auto" || r.Sampling.MaxTokens != 128 || r.Question() != "What is it?" {
		t.Errorf("the request is %+v", r)
	}
	if !d.engine.closed {
		t.Error("the engine was left open")
	}
}

func TestAskPassesItsFlagsOn(t *testing.T) {
	var d desk
	_, notes, code := d.run(t, "ask", "--image", photo(t), "--prompt", "x", "--method", "fastv,layer=1,keep=0.5", "--method", "random",
		"--device", "vulkan:0", "--threads", "3", "--temperature", "0.5", "--top-p", "0.9", "--seed", "7", "--max-tokens", "9",
		"--model", "m.gguf", "--mmproj", "p.gguf")
	r := d.engine.asked
	want := trace.Sampling{Temperature: 0.5, TopP: 0.9, Seed: 7, MaxTokens: 9}
	if code != 0 || r.Sampling != want || r.Device != "vulkan:0" || r.Threads != 3 || r.Model != "m.gguf" || r.Projector != "p.gguf" ||
		len(r.Methods) != 2 || r.Methods[0].Params["keep"] != "0.5" || r.Methods[1].Name != "random" {
		t.Errorf("code %d, %s, the request is %+v", code, notes, r)
	}
}

func TestAskPrintsExactlyOneJSON(t *testing.T) {
	var d desk
	out, _, code := d.run(t, "ask", "--image", photo(t), "--prompt", "x", "--json")
	var got struct {
		Dense, Pruned *struct {
			Answer string  `json:"answer"`
			TTFT   float64 `json:"ttft_ms"`
			Decode float64 `json:"decode_tokens_per_s"`
			FLOPs  int64   `json:"flops"`
			KV     int64   `json:"kv_bytes"`
			Kept   []int   `json:"kept_by_layer"`
		}
		Model, Picture string
	}
	dec := json.NewDecoder(strings.NewReader(out))
	if err := dec.Decode(&got); err != nil || code != 0 {
		t.Fatalf("code %d, %v in %s", code, err, out)
	}
	if dec.More() {
		t.Error("more than one JSON value on stdout")
	}
	p := got.Pruned
	if p == nil || got.Dense == nil || p.Answer != "A cat sleeps" || p.TTFT != 30 || p.Decode != 200 || p.FLOPs != 2250 || p.KV != 2000 || len(p.Kept) != 3 || p.Kept[1] != 8 {
		t.Errorf("got %+v", p)
	}
	if got.Dense.FLOPs != 3500 || got.Model != "tiny" || got.Picture != "photo.png" {
		t.Errorf("got %+v", got)
	}
}

func TestMethodNoneIsDenseAlone(t *testing.T) {
	var d desk
	out, _, code := d.run(t, "ask", "--image", photo(t), "--prompt", "x", "--method", "none", "--json")
	has(t, "the JSON", out, `"pruned": null`, `"methods": []`)
	if code != 0 || len(d.engine.asked.Methods) != 0 {
		t.Errorf("code %d, methods %v", code, d.engine.asked.Methods)
	}
	out, _, _ = d.run(t, "ask", "--image", photo(t), "--prompt", "x", "--method", "none")
	has(t, "the text", out, "First token", "60 ms", "KV cache", "counted")
	if strings.Contains(out, "pruned") {
		t.Errorf("a dense run speaks of pruning:\n%s", out)
	}
}

func TestWrongCommandLinesAreSentencesWithCode2(t *testing.T) {
	p := photo(t)
	for want, args := range map[string][]string{
		`there is no method "fastvv"; choose from `:                     {"--method", "fastvv"},
		`fastv has no parameter "kep"; it takes `:                       {"--method", "fastv,kep=1"},
		`keep of fastv is "1.5"; it takes a number from 0 to 1`:         {"--method", "fastv,keep=1.5"},
		`"keep" in method "fastv,keep" is not key=value`:                {"--method", "fastv,keep"},
		"--method none stands alone":                                    {"--method", "none", "--method", "fastv"},
		`there is no device "gpu"; choose from`:                         {"--device", "gpu"},
		"--threads is -1; it takes":                                     {"--threads=-1"},
		"--temperature is -1; it takes a number from 0 to 100":          {"--temperature=-1"},
		"--temperature is NaN; it takes":                                {"--temperature=NaN"},
		"--top-p is 0; it takes a number above 0, up to 1":              {"--top-p=0"},
		"--max-tokens is 0; it takes a number from 1":                   {"--max-tokens=0"},
		"--mmproj belongs to a model's file":                            {"--mmproj", "m.gguf"},
		"unknown flag --colour; `winnow ask --help` shows how it goes":  {"--colour"},
		"--seed: expected a valid 64 bit uint but got \"x\"; `winnow a": {"--seed", "x"},
	} {
		var d desk
		out, notes, code := d.run(t, append([]string{"ask", "--image", p, "--prompt", "x"}, args...)...)
		if code != 2 || out != "" || !strings.HasPrefix(notes, "winnow: "+want) || strings.Count(notes, "\n") != 1 {
			t.Errorf("%v: code %d, %q; want %q", args, code, notes, want)
		}
	}
	var d desk
	for want, args := range map[string][]string{
		"winnow: missing flags: --prompt=TEXT; `winnow ask --help`":                     {"ask", "--image", p},
		"winnow: --prompt: expected string value, and nothing follows; `winnow ask -":   {"ask", "--image", p, "--prompt"},
		"winnow: there is no verb and no file aks; `winnow --help` lists the verbs":     {"aks"},
		"winnow: expected \"<name>\"; `winnow models install --help` shows how it goes": {"models", "install"},
	} {
		if _, notes, code := d.run(t, args...); code != 2 || !strings.HasPrefix(notes, want) {
			t.Errorf("%v: code %d, %q; want %q", args, code, notes, want)
		}
	}
}

func TestAPictureThatIsNotThereIsSaidBeforeTheModelLoads(t *testing.T) {
	var d desk
	dir := t.TempDir()
	for path, want := range map[string]string{filepath.Join(dir, "gone.png"): "there is no picture ", dir: " is a folder; give a picture in it"} {
		out, notes, code := d.run(t, "ask", "--image", path, "--prompt", "x")
		if code != 1 || out != "" || !strings.Contains(notes, want) || d.engine.asked.Model != "" || len(d.engine.asked.Messages) > 0 {
			t.Errorf("code %d, %q, %q", code, out, notes)
		}
		out, _, code = d.run(t, "ask", "--image", path, "--prompt", "x", "--json")
		var j struct{ Error string }
		if err := json.Unmarshal([]byte(out), &j); err != nil || code != 1 || !strings.Contains(j.Error, want) {
			t.Errorf("code %d, %v: %s", code, err, out)
		}
	}
}

func TestARunThatFailsSaysSoOnce(t *testing.T) {
	d := desk{engine: fakeEngine{fail: "photo.png is no picture; choose another"}}
	path := filepath.Join(t.TempDir(), "run.jsonl")
	_, notes, code := d.run(t, "ask", "--image", photo(t), "--prompt", "x", "--trace", path)
	if code != 1 || strings.Count(notes, "is no picture") != 1 {
		t.Errorf("code %d, %q", code, notes)
	}
	if events, err := trace.Open(path); err != nil || trace.Fold(events).Error == "" {
		t.Errorf("the failed run left no trace: %v", err)
	}
	out, _, code := d.run(t, "ask", "--image", photo(t), "--prompt", "x", "--json")
	has(t, "the JSON", out, `"error": "photo.png is no picture; choose another"`, `"dense": null`)
	if code != 1 {
		t.Errorf("code %d", code)
	}
}

func TestAskWritesTraceAndFigureThatOpenReads(t *testing.T) {
	var d desk
	dir := t.TempDir()
	jsonl, png := filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "run.png")
	_, notes, code := d.run(t, "ask", "--image", photo(t), "--prompt", "What is it?", "--trace", jsonl, "--figure", png)
	if code != 0 {
		t.Fatal(notes)
	}
	has(t, "stderr", notes, "wrote "+jsonl, "wrote "+png)
	for _, path := range []string{jsonl, png} {
		out, notes, code := d.run(t, "open", path)
		if code != 0 {
			t.Errorf("open %s: %d, %s", path, code, notes)
		}
		has(t, path, out, "question What is it?", "method   corematching", "pruned   A cat sleeps", "■ kept (8), · gone (8)", " · · · ·\n · · · ·\n ■ ■ ■ ■\n ■ ■ ■ ■\n")
	}
}

func TestAnExportThatFailsKeepsTheAnswer(t *testing.T) {
	dir := t.TempDir()
	targets := map[string]string{filepath.Join(dir, "gone", "run.jsonl"): "there is no folder", dir: "is a folder"}
	if runtime.GOOS == "linux" {
		targets["/dev/full"] = "/dev/full was not written: the disk is full; free some space"
	}
	for path, want := range targets {
		for _, flag := range []string{"--trace", "--figure"} {
			var d desk
			out, notes, code := d.run(t, "ask", "--image", photo(t), "--prompt", "x", flag, path)
			has(t, "the output", out, "cat sits", "A cat sleeps", "2.0× sooner")
			if code != 1 || !strings.Contains(notes, want) {
				t.Errorf("%s %s: code %d, %q", flag, path, code, notes)
			}
		}
	}
	if runtime.GOOS == "linux" {
		if info, err := os.Stat("/dev/full"); err != nil || info.Mode().IsRegular() {
			t.Error("/dev/full was replaced by a file")
		}
	}
}

func TestCancelWritesThePartialTrace(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	d := desk{engine: fakeEngine{started: make(chan struct{})}, ctx: ctx}
	go func() { <-d.engine.started; cancel() }()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	out, notes, code := d.run(t, "ask", "--image", photo(t), "--prompt", "x", "--trace", path)
	if code != 130 || !strings.HasSuffix(notes, "winnow: cancelled\n") {
		t.Errorf("code %d, %q", code, notes)
	}
	has(t, "the output", out, "cat sits")
	if events, err := trace.Open(path); err != nil || !trace.Fold(events).Cancelled {
		t.Errorf("the trace does not tell of the cancel: %v", err)
	}
}
