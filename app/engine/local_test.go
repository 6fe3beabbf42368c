package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/ref"
	"winnow/internal/trace"
)

var sheep = filepath.Join("..", "..", "assets", "samples", "05-sheep.png")

func ask(question string, methods ...string) trace.Request {
	r := trace.Request{Picture: sheep, Messages: []trace.Message{{Role: "user", Text: question}},
		Sampling: trace.Sampling{MaxTokens: 16}, Device: "ref"}
	for _, m := range methods {
		r.Methods = append(r.Methods, trace.Spec{Name: m})
	}
	return r
}

func collect(t *testing.T, e Engine, r trace.Request) ([]trace.Event, error) {
	t.Helper()
	var events []trace.Event
	err := e.Run(context.Background(), r, func(ev trace.Event) { events = append(events, ev) })
	if len(events) < 2 || events[0].Type() != "started" || events[len(events)-1].Type() != "ended" {
		t.Fatalf("a run must start and end with its events, got %d", len(events))
	}
	return events, err
}

func side(events []trace.Event, name string) *trace.SideDone {
	for _, e := range events {
		if d, ok := e.(trace.SideDone); ok && d.Side == name {
			return &d
		}
	}
	return nil
}

func TestRunAnswersTwice(t *testing.T) {
	l := NewLocal(LocalOptions{})
	defer l.Close()
	events, err := collect(t, l, ask("Is there a sheep?", "corematching"))
	if err != nil {
		t.Fatal(err)
	}
	dense, pruned := side(events, trace.Dense), side(events, trace.Pruned)
	if dense == nil || pruned == nil {
		t.Fatal("a side is missing")
	}
	if dense.Answer == "" || pruned.Answer == "" || dense.Ended != "end token" {
		t.Errorf("answers %q and %q", dense.Answer, pruned.Answer)
	}
	if pruned.KVBytes >= dense.KVBytes || pruned.PrefillFLOPs >= dense.PrefillFLOPs || pruned.DecodeWeightBytes >= dense.DecodeWeightBytes {
		t.Errorf("nothing was saved:\ndense  %+v\npruned %+v", dense, pruned)
	}
	var order []string
	for _, e := range events {
		if n := len(order); n == 0 || order[n-1] != e.Type() {
			order = append(order, e.Type())
		}
	}
	if want := []string{"started", "model", "picture", "sequence", "side_started", "layer"}; !slices.Equal(order[:6], want) {
		t.Errorf("-want %v\n+got  %v", want, order[:6])
	}

	again, err := collect(t, l, ask("Is there a cow?", "fastv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range again {
		switch e := e.(type) {
		case trace.Picture:
			if !e.Reused || e.EncodeMS != 0 {
				t.Error("the second question encoded the same picture again")
			}
		case trace.Model:
			if e.LoadMS != 0 {
				t.Error("the second question loaded the same model again")
			}
		}
	}
}

func TestFailuresAreSentences(t *testing.T) {
	notPicture := filepath.Join(t.TempDir(), "notes.pdf")
	if err := os.WriteFile(notPicture, []byte("%PDF-1.7 hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := NewLocal(LocalOptions{})
	defer l.Close()
	for want, change := range map[string]func(r *trace.Request){
		"no model \"gpt\"":        func(r *trace.Request) { r.Model = "gpt" },
		"no file":                 func(r *trace.Request) { r.Model = "/nowhere/x.gguf" },
		"is a PDF":                func(r *trace.Request) { r.Picture = notPicture },
		"nowhere.png":             func(r *trace.Request) { r.Picture = "nowhere.png" },
		"no question":             func(r *trace.Request) { r.Messages[0].Text = " " },
		"no method \"magic\"":     func(r *trace.Request) { r.Methods = []trace.Spec{{Name: "magic"}} },
		"no parameter \"size\"":   func(r *trace.Request) { r.Methods[0].Params = map[string]string{"size": "1"} },
		"from 0 to 1":             func(r *trace.Request) { r.Methods[0].Params = map[string]string{"keep": "7"} },
		"FastV and Random":        func(r *trace.Request) { r.Methods = append(r.Methods, trace.Spec{Name: "random"}) },
		"temperature is -1":       func(r *trace.Request) { r.Sampling.Temperature = -1 },
		"no device \"quantum:0\"": func(r *trace.Request) { r.Device = "quantum:0" },
		"the prompt has":          func(r *trace.Request) { r.Messages[0].Text = strings.Repeat("sheep ", 4000) },
		"stands for a picture":    func(r *trace.Request) { r.Messages[0].Text = "what is <image>?" },
	} {
		r := ask("Is there a sheep?", "fastv")
		change(&r)
		events, err := collect(t, l, r)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-want %q in\n+got  %v", want, err)
			continue
		}
		if f, ok := events[len(events)-2].(trace.Failed); !ok || f.Error != err.Error() {
			t.Errorf("%s: the trace does not say what went wrong", want)
		}
	}
	if _, err := collect(t, l, ask("Is there a sheep?", "fastv")); err != nil {
		t.Errorf("after all those failures a good request fails: %v", err)
	}
}

// failing is a device that disappears after some graphs.
type failing struct {
	compute.Backend
	left *int
}

var errGone = errors.New("device lost")

func (f failing) Compile(g *compute.Graph) (compute.Program, error) {
	p, err := f.Backend.Compile(g)
	return failingProgram{p, f.left}, err
}

type failingProgram struct {
	compute.Program
	left *int
}

func (p failingProgram) Run(ctx context.Context, in ...compute.Binding) error {
	if *p.left--; *p.left < 0 {
		return errGone
	}
	return p.Program.Run(ctx, in...)
}

func TestADeviceThatDisappears(t *testing.T) {
	for left := range 6 { // in encoding, warm-up, prefill, decoding …
		l := NewLocal(LocalOptions{})
		n := left
		l.open = func(string, int) (compute.Backend, string, error) { return failing{ref.New(2), &n}, "", nil }
		if _, err := collect(t, l, ask("Is there a sheep?", "corematching")); !errors.Is(err, errGone) {
			t.Errorf("after %d graphs: %v", left, err)
		}
		n = 1 << 30
		if _, err := collect(t, l, ask("Is there a sheep?", "corematching")); err != nil {
			t.Errorf("the device is back, and still: %v", err)
		}
		l.Close()
	}
}

func TestCancelledRunSaysSo(t *testing.T) {
	l := NewLocal(LocalOptions{})
	defer l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var last trace.Event
	err := l.Run(ctx, ask("Is there a sheep?", "corematching"), func(e trace.Event) {
		if e.Type() == "word" {
			cancel()
		}
		last = e
	})
	if end, ok := last.(trace.Ended); err != nil || !ok || !end.Cancelled {
		t.Errorf("-want Ended{Cancelled}, nil +got %+v, %v", last, err)
	}
}
