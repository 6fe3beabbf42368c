package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"winnow/internal/native"
	"winnow/robotics/sim/suites"
)

// acts carries out a command line that begins with act or bench act.
func acts(t *testing.T, ctx context.Context, args ...string) (out, notes string, code int) {
	t.Helper()
	var g struct {
		Act   actCmd `cmd:""`
		Bench struct {
			Act benchActCmd `cmd:""`
		} `cmd:""`
	}
	var o, e bytes.Buffer
	parser, err := kong.New(&g, words, kong.Name("winnow"))
	if err != nil {
		t.Fatal(err)
	}
	env := Env{In: strings.NewReader(""), Out: &o, Err: &e, ctx: ctx}
	parsed, err := parser.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	code = env.code(parsed.Run(&env))
	return o.String(), e.String(), code
}

var tinyPolicy = filepath.Join("..", "..", "robotics", "testdata", "tiny")

func simulator(t *testing.T) {
	t.Helper()
	if _, err := native.FindMuJoCo(); err != nil {
		t.Skip(err)
	}
}

// TestActOfTheExpert: its success is counted, and it has no numbers of a network.
func TestActOfTheExpert(t *testing.T) {
	simulator(t)
	out, notes, code := acts(t, t.Context(), "act", "--policy", "expert", "--suite", "table", "--task", "press-button", "--episodes", "3", "--seed", "5", "--json")
	if code != 0 || notes != "" {
		t.Fatalf("code %d, %s", code, notes)
	}
	var raw map[string]json.RawMessage
	var j actJSON
	if err := json.Unmarshal([]byte(out), &raw); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &j); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"suite", "task", "episodes", "success", "latency_ms", "flops", "kept_by_layer"} {
		if raw[key] == nil {
			t.Errorf("there is no key %s", key)
		}
	}
	if string(raw["latency_ms"]) != "null" || string(raw["flops"]) != "null" || string(raw["kept_by_layer"]) != "[]" || !strings.Contains(j.Note, "no network ran") {
		t.Errorf("a network's numbers without a network: %s", out)
	}
	if j.Suite != "table" || j.Task != "press-button" || j.Episodes != 3 || j.Success != 1 || j.Success95[0] < 0.4 || j.Success95[0] > 0.5 || j.Policy != "expert" ||
		len(j.Runs) != 3 || j.Runs[2].Seed != 7 || !j.Runs[2].Success || j.Steps != j.Runs[0].Steps+j.Runs[1].Steps+j.Runs[2].Steps {
		t.Errorf("%+v", j)
	}
	out, _, code = acts(t, t.Context(), "act", "--policy", "expert", "--suite", "Table", "--task", "press-button", "--episodes", "1", "--noisy", "--instruction", "press it")
	if code != 0 || !strings.Contains(out, "no network ran") || !strings.Contains(out, "press it") || !strings.Contains(out, "Wilson): fulfilled in at least one step, counted") || strings.Contains(out, "latency  ") {
		t.Errorf("code %d\n%s", code, out)
	}
}

// TestActOfAPolicy: a checkpoint's calls are timed, counted and shown, and recorded in one file.
func TestActOfAPolicy(t *testing.T) {
	simulator(t)
	dir := t.TempDir()
	out, notes, code := acts(t, t.Context(), "act", "--suite", "table", "--task", "open-drawer", "--policy", tinyPolicy, "--method", "cogvla", "--episodes", "2",
		"--device", "ref", "--export", "mcap", "--out", dir, "--json")
	if code != 0 {
		t.Fatalf("code %d, %s", code, notes)
	}
	var j actJSON
	if err := json.Unmarshal([]byte(out), &j); err != nil {
		t.Fatal(err)
	}
	if j.LatencyMS == nil || *j.LatencyMS <= 0 || j.FLOPs == nil || *j.FLOPs < 1e6 || !slices.Equal(j.KeptByLayer, []float64{8, 4, 8, 4}) || j.VisualTokens != 8 ||
		j.Policy != "tiny" || j.Device != "ref" || j.Calls < 2 || j.Note != "" {
		t.Errorf("%+v", j)
	}
	want := filepath.Join(dir, "table-open-drawer.mcap")
	if info, err := os.Stat(want); err != nil || info.Size() < 1000 || j.Out != want || j.Export != "mcap" {
		t.Errorf("%v, written to %s", err, j.Out)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files", len(files))
	}
	out, _, _ = acts(t, t.Context(), "act", "--suite", "table", "--task", "open-drawer", "--policy", tinyPolicy, "--method", "none", "--episodes", "1", "--device", "ref")
	for _, part := range []string{"policy   tiny on ref, dense", "ms a call, the median", "FLOPs a call, the mean, counted", "8 8 8 8 of 8 visual tokens"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
}

// TestActExports all episodes into one dataset or file, with pictures where the format has them.
func TestActExports(t *testing.T) {
	simulator(t)
	dir := t.TempDir()
	for kind, file := range map[string]string{"lerobot": "meta/info.json", "lerobot-v2.1": "meta/episodes.jsonl", "csv": "", "jsonl": ""} {
		path := filepath.Join(dir, kind)
		out, notes, code := acts(t, t.Context(), "act", "--policy", "expert", "--suite", "table", "--task", "push", "--episodes", "2", "--size", "24", "--export", kind, "--out", path)
		if code != 0 || !strings.Contains(out, "wrote "+path+" ("+kind+", 2 episodes)") {
			t.Errorf("%s: code %d, %s%s", kind, code, out, notes)
			continue
		}
		data, err := os.ReadFile(filepath.Join(path, file))
		if err != nil || len(data) == 0 {
			t.Errorf("%s: %v", kind, err)
		}
		if kind == "lerobot" && !(bytes.Contains(data, []byte(`"total_episodes": 2`)) && bytes.Contains(data, []byte("wrist"))) {
			t.Errorf("%s", data)
		}
	}
	// Nothing runs where nothing can be written.
	_, notes, code := acts(t, t.Context(), "act", "--policy", "expert", "--suite", "table", "--task", "push", "--export", "lerobot", "--out", filepath.Join(dir, "lerobot"))
	if code != 1 || !strings.Contains(notes, "holds something already") {
		t.Errorf("code %d, %s", code, notes)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, notes, code = acts(t, ctx, "act", "--policy", "expert", "--suite", "table", "--task", "push", "--export", "csv", "--out", filepath.Join(dir, "cut.csv"))
	if _, err := os.Stat(filepath.Join(dir, "cut.csv")); code != codeCancelled || err == nil || !strings.Contains(notes, "cancelled") {
		t.Errorf("code %d, %s, %v", code, notes, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestActLists(t *testing.T) {
	out, _, code := acts(t, t.Context(), "act", "--list")
	if code != 0 || !strings.Contains(out, "metaworld  reach") || !strings.Contains(out, "table      press-button") {
		t.Errorf("code %d\n%s", code, out)
	}
	out, _, _ = acts(t, t.Context(), "act", "--list", "--suite", "table", "--json")
	var list []taskJSON
	want, err := suites.Tasks("table")
	if json.Unmarshal([]byte(out), &list) != nil || err != nil || len(list) != len(want) || list[0].MaxSteps == 0 || len(list[0].Cameras) == 0 {
		t.Errorf("%s", out)
	}
}

// TestActRefuses before anything is opened.
func TestActRefuses(t *testing.T) {
	push := []string{"--suite", "table", "--task", "push"}
	with := func(more ...string) []string { return append(slices.Clone(push), more...) }
	for want, args := range map[string][]string{
		"no suite was chosen: choose metaworld or table; `winnow act --list`":              {"--task", "push"},
		"no suite is called \"lab\": choose metaworld or table":                            {"--suite", "lab", "--task", "push"},
		"table has no task \"fly\": choose from pick-colour, pick-side":                    {"--suite", "table", "--task", "fly"},
		"no task was chosen: metaworld has reach, push":                                    {"--suite", "metaworld"},
		"--episodes is 0; it takes a number from 1":                                        with("--episodes", "0"),
		"--seed is 18446744073709551615":                                                   with("--seed", "18446744073709551615"),
		"--size is -3":                                                                     with("--size=-3"),
		"--method cogvla belongs to a policy":                                              with("--policy", "expert", "--method", "cogvla"),
		"--statistics belongs to a policy":                                                 with("--policy", "expert", "--statistics", "x"),
		"--policy is empty":                                                                with("--policy", ""),
		"there is no policy \"x\", and no such folder; choose expert, robot-cogvla":        with("--policy", "x"),
		"--noisy is for the expert":                                                        with("--policy", "x", "--noisy"),
		"--size is for the expert":                                                         with("--policy", "x", "--size", "9"),
		"there is no method \"cogwheel\"":                                                  with("--policy", "x", "--method", "cogwheel"),
		"names 2 methods; a policy takes one":                                              with("--policy", "x", "--method", "cogvla+fastv"),
		"has no camera \"left\": choose from front, wrist, top":                            with("--cameras", "left"),
		"there is no export \"rlds\"; choose from lerobot, lerobot-v2.1, mcap, csv, jsonl": with("--export", "rlds", "--out", "x"),
		"--export csv needs --out":                                                         with("--export", "csv"),
		"--out says where an export goes":                                                  with("--out", "x"),
		"there is no device \"abacus\"":                                                    with("--device", "abacus"),
	} {
		if out, notes, code := acts(t, t.Context(), append([]string{"act"}, args...)...); code != 2 || out != "" || !strings.HasPrefix(notes, "winnow: ") || !strings.Contains(notes, want) {
			t.Errorf("%v: code %d, %s%s", args, code, out, notes)
		}
	}
	_, notes, code := acts(t, t.Context(), append([]string{"act"}, with("--export", "csv", "--out", filepath.Join(t.TempDir(), "no", "x.csv"))...)...)
	if code != 1 || !strings.Contains(notes, "there is no folder") {
		t.Errorf("code %d, %s", code, notes)
	}
}

// TestActWithoutTheSimulator says how to get it. It runs in a process of its own, since a library that
// was loaded once stays loaded.
func TestActWithoutTheSimulator(t *testing.T) {
	const alone = "WINNOW_TEST_ALONE"
	if os.Getenv(alone) == "" {
		c := exec.Command(os.Args[0], "-test.run=^TestActWithoutTheSimulator$", "-test.v")
		none := t.TempDir()
		c.Env = append(os.Environ(), alone+"=1", "HOME="+none, "XDG_CACHE_HOME="+none, "LOCALAPPDATA="+none, "WINNOW_NATIVE=")
		out, err := c.CombinedOutput()
		if strings.Contains(string(out), "--- SKIP") {
			t.Skip("the system has a libmujoco of its own")
		}
		if err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if _, err := native.FindMuJoCo(); err == nil {
		t.Skip("the system has a libmujoco of its own")
	}
	out, notes, code := acts(t, t.Context(), "act", "--policy", "expert", "--suite", "table", "--task", "push", "--json")
	if code != 1 || out != "" || !strings.Contains(notes, native.ErrNoMuJoCo.Error()) {
		t.Errorf("code %d, %s%s", code, out, notes)
	}
}

// TestBenchAct refuses what cannot be, and measures what can.
func TestBenchAct(t *testing.T) {
	for want, args := range map[string][]string{
		`--policy is "x"; it takes a name and a folder`: {"--policy", "x"},
		"--episodes is 0": {"--policy", "a=x", "--episodes", "0"},
		"--rounds is 0":   {"--policy", "a=x", "--rounds", "0"},
	} {
		if out, notes, code := acts(t, t.Context(), append([]string{"bench", "act"}, args...)...); code != 2 || out != "" || !strings.Contains(notes, want) {
			t.Errorf("%v: code %d, %s%s", args, code, out, notes)
		}
	}
	simulator(t)
	out, notes, code := acts(t, t.Context(), "bench", "act", "--policy", "dense="+tinyPolicy, "--policy", "cogvla="+tinyPolicy, "--suite", "table", "--task", "push",
		"--episodes", "1", "--rounds", "3", "--device", "ref", "--json")
	if code != 0 {
		t.Fatalf("code %d, %s", code, notes)
	}
	var j struct {
		Policies []struct {
			Name    string
			Success map[string]float64
			Latency float64 `json:"latency_ms"`
			FLOPs   float64
		}
		Ratios map[string]*float64
	}
	if err := json.Unmarshal([]byte(out), &j); err != nil {
		t.Fatal(err)
	}
	if _, ok := j.Ratios["cogvla_vs_autoregressive"]; !ok || len(j.Policies) != 2 || j.Ratios["cogvla_vs_autoregressive"] != nil || j.Ratios["cogvla_vs_dense"] == nil {
		t.Errorf("%s", out)
	}
	d, c := j.Policies[0], j.Policies[1]
	if d.Name != "dense" || !(c.FLOPs < d.FLOPs) || c.FLOPs <= 0 || c.Latency <= 0 || len(c.Success) != 1 {
		t.Errorf("%+v", j.Policies)
	}
}
