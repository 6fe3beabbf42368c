package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"winnow/app/engine"
	"winnow/internal/trace"
)

const scene = "../assets/samples/01-duck.png"

// TestMain makes this binary winnow itself where a test starts it so.
func TestMain(m *testing.M) {
	if os.Getenv("WINNOW_TEST_MAIN") != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func winnow(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "WINNOW_TEST_MAIN=1")
	return cmd
}

func TestAskInAProcessOfItsOwn(t *testing.T) {
	out, err := winnow("ask", "--image", scene, "--prompt", "What is in the picture?", "--json").Output()
	var j struct{ Dense, Pruned *struct{ Answer string } }
	if err != nil || json.Unmarshal(out, &j) != nil || j.Dense == nil || j.Dense.Answer == "" || j.Pruned == nil {
		t.Errorf("%v: %s", err, out)
	}
	if err := winnow("ask", "--nope").Run(); exitCode(err) != 2 {
		t.Errorf("a wrong flag ends with %v", err)
	}
}

func exitCode(err error) int {
	if e, ok := err.(*exec.ExitError); ok {
		return e.ExitCode()
	}
	return 0
}

func TestCtrlCCancelsAndLeavesThePartialTrace(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows sends no interrupt to one process alone")
	}
	path := filepath.Join(t.TempDir(), "run.jsonl")
	cmd := winnow("ask", "--image", scene, "--prompt", "What is in the picture?", "--device", "ref", "--threads", "1", "--trace", path)
	var notes bytes.Buffer
	cmd.Stderr = &notes
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The model's line is the first; the run is then before or in its encoder.
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	interrupted := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	buf := new(bytes.Buffer)
	_, _ = buf.ReadFrom(stdout)
	err = cmd.Wait()
	if took := time.Since(interrupted); took > time.Second {
		t.Errorf("it ended %v after Ctrl+C", took)
	}
	if exitCode(err) != 130 || !strings.HasSuffix(notes.String(), "winnow: cancelled\n") {
		t.Errorf("it ended with %v, %q, %q", err, notes.String(), buf.String())
	}
	events, err := trace.Open(path)
	if err != nil || !trace.Fold(events).Cancelled {
		t.Errorf("the trace does not tell of the cancel: %v", err)
	}
}

// The window's way: the same request through a child process gives the same answers.
func TestRemoteGivesWhatLocalGives(t *testing.T) {
	q := trace.Request{Picture: scene, Messages: []trace.Message{{Role: "user", Text: "What is in the picture?"}},
		Methods: []trace.Spec{{Name: "fastv"}}, Sampling: trace.Sampling{MaxTokens: 64}, Device: "auto"}
	far := engine.NewRemote(engine.RemoteOptions{Command: []string{os.Args[0], "engine"}, Env: []string{"WINNOW_TEST_MAIN=1"}})
	defer far.Close()
	near := engine.NewLocal(engine.LocalOptions{})
	defer near.Close()
	var got [2]*trace.State
	var types [2]string
	for i, e := range []engine.Engine{near, far} {
		got[i] = new(trace.State)
		e.Prepare(context.Background(), q)
		err := e.Run(context.Background(), q, func(ev trace.Event) {
			got[i].Apply(ev)
			types[i] += ev.Type() + " "
		})
		if err != nil {
			t.Fatal(err)
		}
		models, err := e.Models(context.Background())
		if err != nil || len(models) == 0 || !models[0].BuiltIn {
			t.Errorf("models %v, %v", models, err)
		}
		if devices, _ := e.Devices(context.Background()); len(devices) == 0 {
			t.Error("no devices")
		}
	}
	if types[0] != types[1] {
		t.Errorf("the events are\n%s and\n%s", types[0], types[1])
	}
	if got[0].Dense.Text != got[1].Dense.Text || got[0].Pruned.Text != got[1].Pruned.Text || got[0].Dense.Text == "" {
		t.Errorf("the answers are %q, %q and %q, %q", got[0].Dense.Text, got[0].Pruned.Text, got[1].Dense.Text, got[1].Pruned.Text)
	}
}
