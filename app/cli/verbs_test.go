package cli

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

	"winnow/app/engine"
	"winnow/internal/trace"
	"winnow/pruning"
)

func TestEveryVerbHasHelpWithExamples(t *testing.T) {
	var d desk
	out, _, code := d.run(t, "--help")
	if code != 0 {
		t.Errorf("code %d", code)
	}
	for _, verb := range []string{"ask", "compare", "sweep", "chat", "open", "window", "methods", "models", "native", "devices", "eval", "draw", "act"} {
		has(t, "--help", out, "  "+verb)
		help, _, code := d.run(t, verb, "--help")
		if code != 0 {
			t.Errorf("%s --help: code %d", verb, code)
		}
		has(t, verb+" --help", help, "Usage: winnow "+verb, "Examples:", "    winnow "+verb)
	}
	for _, verb := range []string{"models list", "models install", "native list", "native install", "bench vlm", "bench llm", "bench agreement", "bench kv", "bench draw", "bench act"} {
		help, _, _ := d.run(t, append(strings.Fields(verb), "--help")...)
		has(t, verb+" --help", help, "Usage: winnow "+verb, "    winnow "+verb)
	}
	if strings.Contains(out, "\n  engine") {
		t.Error("--help shows the hidden verb")
	}
	out, _, code = d.run(t, "--version")
	if code != 0 || !strings.HasPrefix(out, "winnow 0.") {
		t.Errorf("--version: code %d, %q", code, out)
	}
}

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	for _, args := range [][]string{{"methods"}, {"devices", "--json"}, {"ask", "--image", photo(t), "--prompt", "x"}, {"ask", "--json", "--image", photo(t), "--prompt", "x"}} {
		var d desk
		var notes bytes.Buffer
		code := Run(context.Background(), args, Env{In: strings.NewReader(""), Out: fullDisk{}, Err: &notes, NewEngine: func() engine.Engine { return &d.engine }})
		if code != 1 || !strings.HasSuffix(notes.String(), "winnow: the output was not written: no space left on device\n") {
			t.Errorf("%v: code %d, %q", args, code, notes.String())
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "stdout", Err: errors.New("no space left on device")}
}

func TestNoVerbOpensTheWindow(t *testing.T) {
	p := photo(t)
	for _, c := range []struct {
		args []string
		want Window
	}{
		{nil, Window{}},
		{[]string{p}, Window{Files: []string{p}}},
		{[]string{p, p}, Window{Files: []string{p, p}}},
		{[]string{"window", p, "--prompt", "What?", "--ask"}, Window{[]string{p}, "What?", true}},
	} {
		var d desk
		if _, notes, code := d.run(t, c.args...); code != 0 || len(d.windows) != 1 || !reflect.DeepEqual(d.windows[0], c.want) && len(c.args) > 0 {
			t.Errorf("%v: code %d, %s, windows %+v", c.args, code, notes, d.windows)
		}
	}
	for _, args := range [][]string{{p, "gone.png"}, {"gone.png"}, {"--json"}, {"window", "gone.png"}, {"window", "--ask"}, {t.TempDir()}} {
		var d desk
		if _, notes, code := d.run(t, args...); code == 0 || len(d.windows) > 0 || strings.Count(notes, "\n") != 1 {
			t.Errorf("%v: code %d, %q, windows %+v", args, code, notes, d.windows)
		}
	}
	d := desk{noWindow: true}
	_, notes, code := d.run(t)
	has(t, "stderr", notes, "this build of winnow has no window", "  ask  ", "  methods  ")
	if code != 2 {
		t.Errorf("code %d", code)
	}
}

func TestMethodsTellsAll(t *testing.T) {
	var d desk
	out, _, code := d.run(t, "methods", "--json")
	var list []struct {
		Name, Title, Paper, Provenance string
		Stage                          []string
		Parameters                     []struct{ Name, Type, Default, Range, Help string }
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 {
		t.Fatalf("code %d, %v", code, err)
	}
	if len(list) != len(pruning.Infos()) || len(list) < 3 {
		t.Fatalf("%d methods are listed", len(list))
	}
	text, _, _ := d.run(t, "methods")
	for _, m := range list {
		if m.Title == "" || m.Provenance == "" || len(m.Stage) == 0 || len(m.Parameters) == 0 {
			t.Errorf("%s lacks something: %+v", m.Name, m)
		}
		has(t, "the table", text, m.Name+": "+m.Title)
		for _, p := range m.Parameters {
			if p.Type == "" || p.Range == "" || p.Help == "" {
				t.Errorf("%s of %s lacks something: %+v", p.Name, m.Name, p)
			}
			has(t, "the table", text, p.Help)
		}
	}
	out, _, _ = d.run(t, "methods", "fastv")
	if strings.Contains(out, "corematching") || !strings.Contains(out, "fastv: ") {
		t.Errorf("one method asked for, got\n%s", out)
	}
	if _, notes, code := d.run(t, "methods", "fastvv"); code != 2 || !strings.Contains(notes, "there is no method") {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestModelsAndDevices(t *testing.T) {
	var d desk
	out, _, code := d.run(t, "models")
	has(t, "models", out, "sprites  pictures, text  12.3 MB", "built in", "not installed", "knows painted scenes only", "run `winnow models install big`")
	if code != 0 {
		t.Errorf("code %d", code)
	}
	for _, args := range [][]string{{"models", "--json"}, {"devices", "--json"}, {"native", "list", "--json"}} {
		out, notes, code := d.run(t, args...)
		var list []map[string]any
		if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 {
			t.Errorf("%v: code %d, %v, %s", args, code, err, notes)
		}
	}
	out, _, _ = d.run(t, "devices")
	has(t, "devices", out, "cpu", "8 GB", "a processor")
	if _, notes, code := d.run(t, "models", "install", "sprites"); code != 0 || !strings.Contains(notes, "built in") {
		t.Errorf("code %d, %q", code, notes)
	}
	if _, notes, code := d.run(t, "models", "install", "nosuch"); code != 2 || !strings.Contains(notes, `no model is called "nosuch"`) {
		t.Errorf("code %d, %q", code, notes)
	}
	if _, notes, code := d.run(t, "native", "install", "opengl"); code != 2 || !strings.Contains(notes, "choose ") {
		t.Errorf("code %d, %q", code, notes)
	}
}

// recorded is a trace of the fake engine.
func recorded(t *testing.T, d *desk, path string) {
	t.Helper()
	if _, notes, code := d.run(t, "ask", "--image", photo(t), "--prompt", "What\x1b is it?", "--trace", path); code != 0 {
		t.Fatal(notes)
	}
}

func TestOpenShowsALayerInNumbers(t *testing.T) {
	var d desk
	path := filepath.Join(t.TempDir(), "run.jsonl")
	recorded(t, &d, path)
	out, _, code := d.run(t, "open", path, "--layer", "1")
	if code != 0 {
		t.Errorf("code %d", code)
	}
	has(t, "open", out, "Visual tokens in layer 1, pruned: ■ kept (8), · gone (8)",
		"Scores by corematching (core neurons matched): 15 highest, 7 median, 0 lowest; 8 of 16 kept, match ≥ 8, the elbow",
		"█", "│ cut", " (0) (1) (2) (3)\n", "\n 12  13  14  15\n", "FFN neurons that decoding uses in layer 1: 3 of 16, chosen by corematching")
	if strings.Contains(out, "\x1b") {
		t.Error("a trace can send escape sequences to the terminal")
	}
	out, _, _ = d.run(t, "open", path, "--layer", "0")
	has(t, "open", out, "■ kept (16), · gone (0)")
	if _, notes, code := d.run(t, "open", path, "--layer", "3"); code != 2 || !strings.Contains(notes, "--layer is 3; the run has layers 0 to 2") {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestOpenGivesTheTraceBack(t *testing.T) {
	var d desk
	dir := t.TempDir()
	path, png := filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "run.png")
	recorded(t, &d, path)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, notes, code := d.run(t, "open", path, "--figure", png); code != 0 || !strings.Contains(notes, "wrote "+png) {
		t.Fatalf("code %d, %s", code, notes)
	}
	if out, _, code := d.run(t, "open", png, "--events"); code != 0 || out != string(want) {
		t.Error("the events from the figure are not the trace")
	}
	out, _, code := d.run(t, "open", path, "--json")
	has(t, "the JSON", out, `"flops": 2250`, `"answer": "A cat sits"`)
	if code != 0 {
		t.Errorf("code %d", code)
	}
}

func TestOpenShowsWhatADamagedTraceStillHas(t *testing.T) {
	var d desk
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	recorded(t, &d, path)
	text, _ := os.ReadFile(path)
	if err := os.WriteFile(path, text[:len(text)*2/3], 0o644); err != nil {
		t.Fatal(err)
	}
	out, notes, code := d.run(t, "open", path)
	has(t, "open", out, "dense    A", "The trace ends before the run does.")
	if code != 1 || !strings.Contains(notes, "breaks off in line") {
		t.Errorf("code %d, %q", code, notes)
	}
	for name, content := range map[string]string{"empty.jsonl": "", "other.txt": "hello\n", "newer.jsonl": `{"type":"started","schema":99}` + "\n"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, notes, code := d.run(t, "open", path); code != 1 || out != "" || !strings.HasPrefix(notes, "winnow: "+name+": ") {
			t.Errorf("%s: code %d, %q, %q", name, code, out, notes)
		}
	}
	if _, notes, code := d.run(t, "open", filepath.Join(dir, "gone")); code != 1 || !strings.Contains(notes, "there is no file") {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestChatTalksLineByLine(t *testing.T) {
	d := desk{in: "hello\n\n/reset\n/what\nand now?"}
	out, notes, code := d.run(t, "chat", "--model", "m.gguf")
	if code != 0 || out != "you said hello\nyou said and now?\n" {
		t.Errorf("code %d, %q, %q", code, out, notes)
	}
	has(t, "stderr", notes, "The conversation is forgotten.", "There is no command /what")
	if d.chat.resets != 1 || !d.chat.closed {
		t.Errorf("resets %d, closed %v", d.chat.resets, d.chat.closed)
	}
	d = desk{in: "hello\n/quit\nmore\n"}
	if d.run(t, "chat", "--model", "m.gguf"); len(d.chat.said) != 1 {
		t.Errorf("after /quit it heard %q", d.chat.said)
	}
	d = desk{in: "fail\nmore\n"}
	if _, notes, code := d.run(t, "chat", "--model", "m.gguf"); code != 1 || !strings.Contains(notes, "the conversation is full") || len(d.chat.said) != 1 {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestChatOneShot(t *testing.T) {
	d := desk{in: "never read"}
	if out, _, code := d.run(t, "chat", "--model", "m.gguf", "--prompt", "hi"); code != 0 || out != "you said hi\n" {
		t.Errorf("code %d, %q", code, out)
	}
	d = desk{in: "two\nlines\n"}
	if d.run(t, "chat", "--model", "m.gguf", "--prompt", "-"); len(d.chat.said) != 1 || d.chat.said[0] != "two\nlines" {
		t.Errorf("it heard %q", d.chat.said)
	}
	d = desk{}
	if _, notes, code := d.run(t, "chat", "--model", "m.gguf", "--prompt", "-"); code != 2 || !strings.Contains(notes, "stdin is empty") {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestChatWithoutItsModelSaysHowToGetIt(t *testing.T) {
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	d := desk{in: "hello\n"}
	_, notes, code := d.run(t, "chat")
	if code != 1 || !strings.Contains(notes, "winnow models install smollm2-135m") || len(d.chat.said) > 0 {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestChatEndsOnCtrlC(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d := desk{in: "hello\n", ctx: ctx}
	if _, _, code := d.run(t, "chat", "--model", "m.gguf"); code != 130 {
		t.Errorf("code %d", code)
	}
}

func TestBenchChecksItsFlagsFirst(t *testing.T) {
	for want, args := range map[string][]string{
		"--runs is 0; it takes a number from 1 to 1000": {"bench", "llm", "--runs=0"},
		"--threads is -2; it takes a number":            {"bench", "vlm", "--threads=-2"},
		"--mmproj belongs to a model's file":            {"bench", "vlm", "--mmproj", "m.gguf"},
		"expected one of":                               {"bench"},
		"--n is -1; it takes a number of questions":     {"bench", "agreement", "--n=-1"},
		`there is no method "fastvv"`:                   {"bench", "agreement", "--method", "fastvv"},
		"--method none is the dense run":                {"bench", "agreement", "--method", "none"},
		"--context is 1; it takes a number from 16":     {"bench", "kv", "--context=1"},
		"--decode is 1; it takes a number from 2":       {"bench", "kv", "--decode=1"},
	} {
		var d desk
		if _, notes, code := d.run(t, args...); code != 2 || !strings.HasPrefix(notes, "winnow: "+want) {
			t.Errorf("%v: code %d, %q; want %q", args, code, notes, want)
		}
	}
	d := desk{in: "{}"}
	if _, notes, code := d.run(t, "bench", "serve"); code != 1 || !strings.Contains(notes, "job is empty") {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestEngineVerbSpeaksTheProtocol(t *testing.T) {
	d := desk{in: `{"id":1,"do":"devices"}` + "\n"}
	out, notes, code := d.run(t, "engine")
	has(t, "stdout", out, `{"id":1,"done":true,"devices":[{"id":"cpu"`)
	if code != 0 || notes != "" {
		t.Errorf("code %d, %q", code, notes)
	}
}

func TestLongRunsOfLayersAreShort(t *testing.T) {
	for want, kept := range map[string][]int{
		"":                              nil,
		"5 in layer 0":                  {5},
		"5 in layers 0–1, 3 in layer 2": {5, 5, 3},
		"5 in layer 0, 3 in layer 1, 5 in layers 2–3": {5, 3, 5, 5},
	} {
		if got := keptText(kept); got != want {
			t.Errorf("%v: %q", kept, got)
		}
	}
	if got := diffText([]trace.Word{{Text: "a"}}, []trace.Word{{Text: "a"}}); got != "The answers are the same." {
		t.Error(got)
	}
}
