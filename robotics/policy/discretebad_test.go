package policy

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
	"winnow/pruning/cogvla"
	"winnow/robotics/policy/language"
)

func TestBadRunsOfTokensAreNamed(t *testing.T) {
	c, be := sayer(), computetest.Open(t, "ref")
	p := made(t, c, be)
	both := true
	for says, opt := range map[string]Options{"neither lets rows skip": {Method: &cogvla.CogVLA{Schedule: "deep_all", Average: 1, Max: 1, Span: 32}}, "nor sees what comes later": {Bidirectional: &both}} {
		if _, err := p.Run(t.Context(), look(c), opt); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Run(ctx, look(c), Options{}); !errors.Is(err, compute.ErrCancelled) {
		t.Errorf("a cancelled run returns %v", err)
	}
	act(t, p, look(c), Options{})

	m := noise(c)
	huge := make([]float32, 30*32)
	for i := range huge {
		huge[i] = math.MaxFloat32
	}
	m.Put(language.HeadName, huge, 30, 32)
	broken, err := New(c, m, be, tensors.Exact)
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Close()
	broken.Statistics = stats(c)
	if _, err := broken.Run(t.Context(), look(c), Options{}); err == nil || !strings.Contains(err.Error(), "number 1 of the action cannot be told") {
		t.Errorf("error %v", err)
	}
}

// TestTheStatisticsTellTheWidth of an action where config.json does not, as OpenVLA's.
func TestTheStatisticsTellTheWidth(t *testing.T) {
	dir := copied(t, speaker)
	replaced(t, filepath.Join(dir, "config.json"), `"action": 4`, `"unknown": 4`)
	p, err := Open(dir, computetest.Open(t, "ref"), tensors.Exact)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.Config.Action != 4 {
		t.Errorf("an action has %d numbers", p.Config.Action)
	}
}

func replaced(t *testing.T, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s has no %s (%v)", path, old, err)
	}
	if err := os.WriteFile(path, bytes.Replace(data, []byte(old), []byte(new), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedSpeakersAreNamed: a folder that lost something says what.
func TestDamagedSpeakersAreNamed(t *testing.T) {
	for says, change := range map[string][2]string{
		"do not fit a vocabulary":                      {`"n_action_bins": 256`, `"n_action_bins": 900`},
		"no L1 action head":                            {`"variant": "autoregressive"`, `"variant": "dense"`},
		"action.q01 has 4 numbers, the policy takes 7": {`"action": 4`, `"action": 7`},
	} {
		dir := copied(t, speaker)
		replaced(t, filepath.Join(dir, "config.json"), change[0], change[1])
		p, err := Open(dir, computetest.Open(t, "ref"), tensors.Exact)
		if err == nil {
			var want spoken
			readJSON(t, filepath.Join(dir, "reference.json"), &want)
			_, err = p.Run(t.Context(), want.observation(), Options{})
			p.Close()
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
}
