package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"winnow/internal/trace"
)

// TestChild is no test but the child of the others: they start this binary with it alone.
func TestChild(t *testing.T) {
	behaviour := os.Getenv("WINNOW_TEST_CHILD")
	if behaviour == "" {
		t.Skip("only the child of other tests")
	}
	out := ClaimStdout()
	if behaviour == "garbage" {
		fmt.Fprint(out, "llama_init: hello\n{\"id\":\n\x00\xff{}\n{\"id\":99,\"done\":true}\nno newline")
	}
	fmt.Println("a library prints to stdout")
	err := Serve(context.Background(), os.Stdin, out, &fake{behaviour: behaviour})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// fake is an engine that does what the question says.
type fake struct {
	behaviour string
	runs      int
}

func (f *fake) Run(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	f.runs++
	emit(trace.Started{Schema: trace.Schema, Version: "fake", Request: r})
	emit(trace.Model{Name: fmt.Sprintf("pid %d run %d", os.Getpid(), f.runs)})
	emit(trace.SideStarted{Side: trace.Dense})
	emit(trace.Word{Side: trace.Dense, Text: "hello"})
	switch r.Question() {
	case "crash":
		fmt.Fprintln(os.Stderr, "loading\n/src/ggml.c:12: GGML_ASSERT(a == b) needs shapes\n\tgoroutine 7 [running]")
		os.Exit(2)
	case "panic":
		panic("lost my head")
	case "killed":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	case "hang":
		select {}
	case "wait":
		<-ctx.Done()
		emit(trace.SideDone{Side: trace.Dense, Answer: "hello", Ended: "cancelled"})
		emit(trace.Ended{Cancelled: true})
		return nil
	case "fail":
		emit(trace.Failed{Error: "the picture is empty"})
		emit(trace.Ended{})
		return errors.New("the picture is empty")
	case "compare":
		for i := range r.Stacks() {
			emit(trace.SideStarted{Side: trace.SideName(i)})
			share := trace.Floats{0.25}
			emit(trace.Decision{Side: trace.SideName(i), Kind: "mask", Rows: []int{i}, Share: share, Bits: 4})
		}
		emit(trace.Point{Index: 1, Value: r.Sweep.Values[0], KL: math.Inf(1), Summary: trace.SideDone{KVByLayer: []int64{7}}})
	case "long":
		for i := range 20000 {
			emit(trace.Word{Side: trace.Dense, Step: i, Text: strings.Repeat("x", i%50)})
		}
	}
	emit(trace.SideDone{Side: trace.Dense, Answer: "hello"})
	emit(trace.Ended{MS: 1})
	return nil
}
func (f *fake) Prepare(ctx context.Context, r trace.Request) {
	switch r.Question() {
	case "hang":
		<-ctx.Done()
	case "load": // which no cancel stops
		time.Sleep(patience + 500*time.Millisecond)
	}
}
func (f *fake) Models(context.Context) ([]ModelEntry, error) {
	return []ModelEntry{{Name: "tiny", Vision: true}}, nil
}
func (f *fake) Devices(context.Context) ([]DeviceEntry, error) {
	return nil, errors.New("no device answers; install one")
}
func (f *fake) Close() error { return nil }

func remote(t *testing.T, behaviour string) (*Remote, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	r := NewRemote(RemoteOptions{Command: []string{os.Args[0], "-test.run=^TestChild$"}, Env: []string{"WINNOW_TEST_CHILD=" + behaviour}, Log: &log})
	t.Cleanup(func() { r.Close() })
	return r, &log
}

func request(question string) trace.Request {
	return trace.Request{Model: "tiny", Messages: []trace.Message{{Role: "user", Text: question}}, PictureData: bytes.Repeat([]byte{7}, 300_000)}
}

// run gives the types of the events in a row, the state they make and the error.
func run(ctx context.Context, r *Remote, question string) (string, *trace.State, error) {
	var types []string
	state := new(trace.State)
	err := r.Run(ctx, request(question), func(e trace.Event) {
		types = append(types, e.Type())
		state.Apply(e)
	})
	return strings.Join(types, " "), state, err
}

func pid(s *trace.State) string {
	if s.Model == nil {
		return ""
	}
	p, _, _ := strings.Cut(strings.TrimPrefix(s.Model.Name, "pid "), " ")
	return p
}

const whole = "started model side_started word side_done ended"

func TestTwoRunsInARowUseOneChild(t *testing.T) {
	r, log := remote(t, "good")
	types, first, err := run(context.Background(), r, "hi")
	if err != nil || types != whole {
		t.Fatalf("got %s, %v", types, err)
	}
	if got := len(first.Request.PictureData); got != 300_000 {
		t.Errorf("the picture's data came back with %d bytes", got)
	}
	types, second, err := run(context.Background(), r, "hi")
	if err != nil || types != whole || second.Model.Name != "pid "+pid(first)+" run 2" {
		t.Errorf("got %s, model %q, %v", types, second.Model.Name, err)
	}
	if p, _ := strconv.Atoi(pid(first)); p == os.Getpid() || p == 0 {
		t.Error("the run was not in another process")
	}
	r.Close()
	if !strings.Contains(log.String(), "a library prints to stdout") {
		t.Errorf("what a library prints is not in the log: %q", log.String())
	}
}

func TestEveryEventArrivesInOrder(t *testing.T) {
	r, _ := remote(t, "good")
	n := 0
	err := r.Run(context.Background(), request("long"), func(e trace.Event) {
		if w, ok := e.(trace.Word); ok && len(w.Text) != 5 || ok && w.Step > 0 {
			if w.Step != n {
				t.Fatalf("word %d came as number %d", w.Step, n)
			}
			n++
		}
		if n%5000 == 1 {
			time.Sleep(10 * time.Millisecond) // a slow view
		}
	})
	if err != nil || n != 20000 {
		t.Errorf("%d of 20000 words came, %v", n, err)
	}
}

// Everything that a comparison and a sweep ask and say crosses, an infinity among it.
func TestComparisonsAndSweepsCross(t *testing.T) {
	r, _ := remote(t, "good")
	q := request("compare")
	q.Methods, q.Label, q.Compare = []trace.Spec{{Name: "a"}}, "A", []trace.Stack{{Label: "B", Methods: []trace.Spec{{Name: "b", Params: map[string]string{"k": "1"}}}}}
	q.Force, q.Sweep = []trace.Forced{{Row: 1, Col: 2, Keep: true}}, &trace.Sweep{Param: "k", Values: []string{"0.5"}}
	state := new(trace.State)
	if err := r.Run(context.Background(), q, func(e trace.Event) { state.Apply(e) }); err != nil {
		t.Fatal(err)
	}
	got := state.Request
	got.PictureData = q.PictureData
	if !reflect.DeepEqual(got, q) {
		t.Errorf("-want %+v\n+got  %+v", q, got)
	}
	if len(state.Sides) != 2 || state.Sides[1].Name != "pruned2" || state.Sides[1].Label != "B" || len(state.Sides[1].Decisions) != 1 {
		t.Fatalf("got %d sides", len(state.Sides))
	}
	if d := state.Sides[1].Decisions[0]; d.Bits != 4 || len(d.Share) != 1 || d.Share[0] != 0.25 {
		t.Errorf("got %+v", d)
	}
	if p := state.Points; len(p) != 1 || p[0].Value != "0.5" || !math.IsInf(p[0].KL, 1) || p[0].Summary.KVByLayer[0] != 7 {
		t.Errorf("got %+v", p)
	}
}

func TestACrashEndsTheRunAndTheNextStartsAnew(t *testing.T) {
	r, _ := remote(t, "good")
	_, before, _ := run(context.Background(), r, "hi")
	for question, want := range map[string]string{
		"crash":  "GGML_ASSERT(a == b) needs shapes; ask again",
		"panic":  "panic: lost my head",
		"killed": "the engine stopped unexpectedly (",
	} {
		types, s, err := run(context.Background(), r, question)
		if types != "started model side_started word failed ended" {
			t.Errorf("%s: got %s", question, types)
		}
		if err == nil || s.Error != err.Error() || !strings.Contains(s.Error, want) || s.Running || s.Cancelled {
			t.Errorf("%s: the state says %q, the error %v", question, s.Error, err)
		}
		if s.Dense.Text != "hello" {
			t.Errorf("%s: what came before is lost: %q", question, s.Dense.Text)
		}
		types, after, err := run(context.Background(), r, "hi")
		if err != nil || types != whole || pid(after) == pid(before) || pid(after) == pid(s) {
			t.Errorf("after %s: got %s in process %s, %v", question, types, pid(after), err)
		}
	}
}

func TestAFailedRunStaysItsOwnSentence(t *testing.T) {
	r, _ := remote(t, "good")
	types, s, err := run(context.Background(), r, "fail")
	if err == nil || err.Error() != "the picture is empty" || s.Error != err.Error() || !strings.HasSuffix(types, "word failed ended") {
		t.Errorf("got %s, %q, %v", types, s.Error, err)
	}
}

func TestGarbageOnStdoutIsPassedOver(t *testing.T) {
	r, _ := remote(t, "garbage")
	if types, _, err := run(context.Background(), r, "hi"); err != nil || types != whole {
		t.Errorf("got %s, %v", types, err)
	}
}

func TestCancelReachesTheChild(t *testing.T) {
	r, _ := remote(t, "good")
	ctx, cancel := context.WithCancel(context.Background())
	r.Prepare(ctx, request("warm"))
	time.AfterFunc(100*time.Millisecond, cancel)
	types, s, err := run(ctx, r, "wait")
	if err != nil || !s.Cancelled || !strings.HasPrefix(types, "started") || !strings.HasSuffix(types, "ended") {
		t.Errorf("got %s, %v", types, err)
	}
	_, after, err := run(context.Background(), r, "hi")
	if err != nil || after.Model.Name != "pid "+pid(s)+" run 2" {
		t.Errorf("the child did not outlive a cancel: %s, %v", after.Model.Name, err)
	}
}

// A call that hangs ends for the person at once; its process is ended, and the next run waits for
// that rather than failing with it.
func TestAHangingRunIsCancelledAtOnce(t *testing.T) {
	r, _ := remote(t, "good")
	run(context.Background(), r, "hi")
	ctx, cancel := context.WithCancel(context.Background())
	var cancelled time.Time
	time.AfterFunc(100*time.Millisecond, func() { cancelled = time.Now(); cancel() })
	types, s, err := run(ctx, r, "hang")
	if took := time.Since(cancelled); took > time.Second {
		t.Errorf("the run ended %v after the cancel", took)
	}
	if err != nil || !s.Cancelled || s.Error != "" || types != "started model side_started word ended" {
		t.Errorf("got %s, %q, %v", types, s.Error, err)
	}
	types, after, err := run(context.Background(), r, "hi")
	if err != nil || types != whole || pid(after) == pid(s) {
		t.Errorf("the next run: %s in process %s after %s, %v", types, pid(after), pid(s), err)
	}
}

func TestModelsDevicesAndPrepareCross(t *testing.T) {
	r, _ := remote(t, "good")
	m, err := r.Models(context.Background())
	if err != nil || len(m) != 1 || m[0].Name != "tiny" || !m[0].Vision {
		t.Errorf("got %v, %v", m, err)
	}
	if _, err := r.Devices(context.Background()); err == nil || err.Error() != "no device answers; install one" {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	r.Prepare(ctx, request("hang"))
	if types, _, err := run(context.Background(), r, "hi"); err != nil || types != whole {
		t.Errorf("after a cancelled preparation: %s, %v", types, err)
	}
}

// Cancelling a preparation that loads a large model once took the process, and with it the run that
// came next.
func TestALongLoadOutlivesItsCancelledPreparation(t *testing.T) {
	r, _ := remote(t, "good")
	_, before, _ := run(context.Background(), r, "hi")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	r.Prepare(ctx, request("load"))
	if types, after, err := run(context.Background(), r, "hi"); err != nil || types != whole || pid(after) != pid(before) {
		t.Errorf("got %s, %v", types, err)
	}
}

func TestRunsWaitForOneAnother(t *testing.T) {
	r, _ := remote(t, "good")
	var both sync.WaitGroup
	for range 3 {
		both.Go(func() {
			if types, _, err := run(context.Background(), r, "hi"); err != nil || types != whole {
				t.Errorf("got %s, %v", types, err)
			}
		})
	}
	both.Wait()
}

func TestAChildThatCannotStartIsASentence(t *testing.T) {
	r := NewRemote(RemoteOptions{Command: []string{os.Args[0] + "-gone"}})
	types, s, err := run(context.Background(), r, "hi")
	if types != "started failed ended" || err == nil || !strings.HasPrefix(s.Error, "the engine cannot be started (") {
		t.Errorf("got %s, %q, %v", types, s.Error, err)
	}
}

func TestCloseEndsTheChildAndARunUnderWay(t *testing.T) {
	r, _ := remote(t, "good")
	done := make(chan string, 1)
	started := make(chan struct{}, 8)
	go func() {
		err := r.Run(context.Background(), request("hang"), func(e trace.Event) {
			if e.Type() == "word" {
				started <- struct{}{}
			}
		})
		done <- fmt.Sprint(err)
	}()
	<-started
	c := r.child
	r.Close()
	if got := <-done; got != errClosed.Error() {
		t.Errorf("the run under way ended with %q", got)
	}
	if !c.isDead() {
		t.Error("the child lives on")
	}
	if types, _, err := run(context.Background(), r, "hi"); types != "started failed ended" || !errors.Is(err, errClosed) {
		t.Errorf("a run after Close: %s, %v", types, err)
	}
}

// The child's stdin ends when its parent dies, however it does.
func TestTheChildGoesWithItsParent(t *testing.T) {
	for _, question := range []string{"", "wait", "hang"} {
		in, parent := io.Pipe()
		var out bytes.Buffer
		ended := make(chan error, 1)
		go func() { ended <- Serve(context.Background(), in, &out, &fake{}) }()
		if question != "" {
			q := request(question)
			writeMessage(parent, command{ID: 1, Do: "run", Request: &q})
		}
		parent.Close()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%q: %v", question, err)
			}
		case <-time.After(2 * patience):
			t.Errorf("%q: the child stays", question)
		}
	}
}

func TestServeEndsWhenNobodyListens(t *testing.T) {
	in, parent := io.Pipe()
	defer parent.Close()
	ended := make(chan error, 1)
	go func() { ended <- Serve(context.Background(), in, brokenPipe{}, &fake{}) }()
	writeMessage(parent, command{ID: 1, Do: "models"})
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "nobody reads what the engine says") {
			t.Errorf("got %v", err)
		}
	case <-time.After(2 * patience):
		t.Error("the child stays")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestVersionIsThatOfTheApp(t *testing.T) {
	text, err := os.ReadFile("../../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "Version = \""+Version+"\"") {
		t.Errorf("FyneApp.toml has another version than %s", Version)
	}
}
