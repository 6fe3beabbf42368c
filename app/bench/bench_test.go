package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"winnow/internal/compute/device"
	peak "winnow/internal/memory"
	"winnow/internal/native"
	"winnow/pruning"
	"winnow/vlm"
)

// serveFlag makes the test's own program the child that measures.
const serveFlag = "-serve-bench"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == serveFlag {
		if err := Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func needLibraries(t *testing.T) {
	t.Helper()
	if _, err := native.Find("cpu"); err != nil {
		t.Skip(err)
	}
}

// The whole path on the built-in model, with selection left to its own test.
func TestVLM(t *testing.T) {
	needLibraries(t)
	ctx := context.Background()
	o := Options{Kind: VLM, Runs: 2}
	r, err := Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, r)
	if r.VisualTokens != 256 || r.DecodeTokens != vlmDecode {
		t.Errorf("%d visual tokens and %d steps, want 256 and %d", r.VisualTokens, r.DecodeTokens, vlmDecode)
	}
	for _, m := range r.Methods {
		if m.Refused == "" && (m.Kept <= 0 || m.Kept > 1) {
			t.Errorf("%s keeps %g of the visual tokens", m.Name, m.Kept)
		}
		if want := map[string]float64{"fastv": 0.5, "random": 0.5, "vasparse": 1}[m.Name]; want > 0 && m.Kept != want {
			t.Errorf("%s keeps %g of the visual tokens, want %g", m.Name, m.Kept, want)
		}
	}
}

func checkReport(t *testing.T, r *Report) {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Runs    int
		Ratios  map[string]*float64
		Methods []map[string]any
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Runs != r.Runs || len(got.Methods) != len(pruning.Answering()) {
		t.Errorf("%d runs and %d methods in %s", got.Runs, len(got.Methods), text)
	}
	for _, key := range []string{"prefill_vs_libllama", "decode_vs_libllama"} {
		if v := got.Ratios[key]; v == nil || !(*v > 0) || math.IsInf(*v, 0) { // how large it is, a busy machine says
			t.Errorf("ratio %s is missing or no ratio", key)
		}
	}
	for _, key := range []string{"memory_vs_libllama", "selection_overhead"} {
		if _, there := got.Ratios[key]; !there {
			t.Errorf("ratio %s is missing", key)
		}
	}
	for _, m := range got.Methods {
		for _, key := range []string{"name", "ttft_ratio", "decode_ratio", "kept"} {
			if _, there := m[key]; !there {
				t.Errorf("method %v has no %s", m, key)
			}
		}
	}
	var b bytes.Buffer
	if err := r.Print(&b); err != nil || !strings.Contains(b.String(), "prefill speed") {
		t.Errorf("%v in\n%s", err, b.String())
	}
}

func TestMemoryOfTheSameJob(t *testing.T) {
	needLibraries(t)
	ctx := context.Background()
	o := Options{Kind: VLM, Runs: 1, Threads: 2, Child: []string{os.Args[0], serveFlag}}
	r, s, task := prepare(t, o)
	if err := r.memory(ctx, o, s, task); err != nil {
		t.Fatal(err)
	}
	if peak.Peak() == 0 {
		t.Skip("this system does not tell a process its peak memory")
	}
	if q := r.Ratios.Memory; q == nil || !(q.Median > 0.2 && q.Median < 5) {
		t.Fatalf("memory ratio %v", q)
	}
	for _, m := range append(r.DenseMemory, r.PeerMemory...) {
		if m.Start <= 0 || m.Peak < m.Start+5<<20 {
			t.Errorf("%+v: the model is not in it", m)
		}
	}
}

// prepare loads what memory needs.
func prepare(t *testing.T, o Options) (*Report, *source, *task) {
	t.Helper()
	s, err := resolve(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.remove)
	m := openSource(t, s)
	task, err := newTask(context.Background(), o.Kind, m)
	if err != nil {
		t.Fatal(err)
	}
	return &Report{}, s, task
}

func TestSelection(t *testing.T) {
	needLibraries(t)
	j := selectionJob{Shape: shape{Layers: 3, Hidden: 128, FFN: 352, Heads: 4, Side: 6}, Runs: 2, Threads: 1}
	got, err := j.run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	decided := 0
	for _, s := range got {
		if s.Refused != "" {
			continue
		}
		decided++
		if s.Layers < 1 || s.Layers > 3 || !(s.SelectMS.Median > 0) || !(s.LayersMS.Median > 0) || !(s.Overhead > 0) {
			t.Errorf("%+v", s)
		}
	}
	if decided == 0 {
		t.Errorf("no method decided: %+v", got)
	}
}

func TestChildErrorsAreSentences(t *testing.T) {
	var none Memory
	err := delegate(context.Background(), []string{os.Args[0], serveFlag}, job{}, &none)
	if err == nil || !strings.Contains(err.Error(), "job is empty") {
		t.Errorf("an empty job: %v", err)
	}
	if err := Serve(context.Background(), strings.NewReader("{"), io.Discard); err == nil {
		t.Error("half a job is served")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := delegate(ctx, []string{os.Args[0], serveFlag}, job{}, &none); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled job: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	for name, o := range map[string]Options{
		"kind":  {Kind: "gui"},
		"runs":  {Kind: VLM, Runs: -1},
		"model": {Kind: LLM, Model: "no such model"},
		"file":  {Kind: LLM, Model: "none.gguf"},
	} {
		if _, err := Run(context.Background(), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestStat(t *testing.T) {
	s := stat([]float64{5, 1, 4, 2, 3})
	if s != (Stat{3, 2, 4}) {
		t.Errorf("%+v", s)
	}
	if s := stat([]float64{1, 2}); s.Median != 1.5 || s.Low != 1.25 || s.High != 1.75 {
		t.Errorf("%+v", s)
	}
	// A round twice as slow for both says nothing about either.
	q := quotient([]float64{10, 20, 10}, []float64{5, 10, 5})
	if q != (Stat{2, 2, 2}) || math.IsNaN(stat(nil).Median) {
		t.Errorf("%+v", q)
	}
}

func openSource(t *testing.T, s *source) *vlm.Model {
	t.Helper()
	b, _, err := device.Open("cpu", 0)
	if err != nil {
		t.Fatal(err)
	}
	files, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	m, err := vlm.Load(files, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(); b.Close() })
	return m
}
