package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	builtin "winnow/assets/models"
	"winnow/internal/compute/ref"
)

// TestDrawBenchTimesTheDenoiser: of a folder, before anything is drawn; built-in models open too.
func TestDrawBenchTimesTheDenoiser(t *testing.T) {
	o := drawOptions(new(greys))
	o.Device = "ref"
	if r, err := RunDraw(t.Context(), o); err != nil || r.Denoiser != nil {
		t.Fatalf("no such model: %+v, %v", r.Denoiser, err)
	}
	o.Model = "../engine/testdata/draw-tiny" // 8 × 8 tokens, untrained
	r, err := RunDraw(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	d := r.Denoiser
	if d == nil || d.Tokens != 64 || d.Batch != 2 || !(d.MS > 0 && d.MatmulMS > 0) || d.Ratio != d.MS/d.MatmulMS || len(d.Some) != 3 || d.Some[1].Kept != 32 {
		t.Fatalf("%+v", d)
	}
	if j, err := json.Marshal(r); err != nil || !strings.Contains(string(j), `"denoiser":{"tokens":64,"batch":2,"ms":`) || !strings.Contains(string(j), `"matmul_ms":`) {
		t.Errorf("%v: %s", err, j)
	}
	var text bytes.Buffer
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"The denoiser takes", "for 2 × 64 tokens; its matrix products alone", "Of 16 tokens it takes", "; of 48 tokens it takes"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &text)
		}
	}
	o.Model = t.TempDir()
	if err := os.Mkdir(filepath.Join(o.Model, "transformer"), 0o755); err != nil {
		t.Fatal(err)
	}
	g := new(greys)
	o.Runner = g
	if _, err := RunDraw(t.Context(), o); err == nil || !strings.Contains(err.Error(), "scheduler_config.json") || len(g.asked) != 0 {
		t.Errorf("a folder without weights: %v after %d drawings", err, len(g.asked))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.Model = "../engine/testdata/draw-tiny"
	if _, err := RunDraw(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, name := range []string{"", builtin.Drawings()[0].Name} {
		b := ref.New(1)
		m, err := openDrawer(name)(b)
		if err != nil {
			t.Fatal(err)
		}
		m.Close()
		b.Close()
	}
}
