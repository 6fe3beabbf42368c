//go:build unix

package gui

import (
	"encoding/json"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winnow/app/gui/internal/desk"
)

// TestShotsDraw makes the screenshots of the Draw view, with the built-in model that draws: see
// TestShots.
func TestShotsDraw(t *testing.T) {
	folder := os.Getenv("WINNOW_SHOTS")
	if folder == "" {
		t.Skip("makes screenshots: set WINNOW_SHOTS to their folder, as scripts/shots.sh does")
	}
	program := filepath.Join(t.TempDir(), "winnow")
	if out, err := exec.Command("go", "build", "-tags", "migrated_fynedo", "-o", program, "winnow/app").CombinedOutput(); err != nil {
		t.Fatalf("the program does not build: %v\n%s", err, out)
	}
	if _, ok := builtIn(""); !ok {
		t.Skip("the Draw view is not photographed: no model that draws ships with winnow")
	}
	look, form := defaultLook(), defaultSketch()
	look.View, form.Prompt, form.Seed = viewDraw, prompts[0], 1
	env := settingsOf(t, defaultForm(), look)
	remember(t, env, keyDraw, form)
	d, _, _ := onDesk(t, env, program)
	time.Sleep(3 * time.Second)
	if err := d.Press(desk.Return); err != nil {
		t.Fatal(err)
	}
	save(t, atPruning(t, d), folder, "draw-running")
	time.Sleep(time.Second)
	for range 24 { // a step at which the two pictures are still on their way
		if err := d.Press(desk.Left); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Second)
	shot(t, d, folder, "draw")
}

// drawnWithin is how long two pictures may take on a busy machine.
const drawnWithin = 5 * time.Minute

// atPruning waits for the end of a drawing and returns a picture of the pruned side at work: the first
// in which it is well past its middle, else the last before the end.
func atPruning(t *testing.T, d *desk.Desk) *image.RGBA {
	t.Helper()
	var last, best *image.RGBA
	for limit := time.Now().Add(drawnWithin); ; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%v passed and the drawing is not done", drawnWithin)
		}
		img, err := d.Shot()
		if err != nil {
			t.Fatal(err)
		}
		if c := img.RGBAAt(40, 848); c.R > 200 && c.B < 100 {
			if last != nil {
				break // the button draws again
			}
			continue
		}
		last = img
		// Of the strip of steps, the last one is not made yet, and the 32nd is. The pruned picture
		// lies over the panel that waits for it.
		made := img.RGBAAt(345+706*63/100, 547) != img.RGBAAt(1051-7, 547)
		if begun := img.RGBAAt(700, 480) != img.RGBAAt(700, 140); best == nil && made && begun {
			best = img
		}
	}
	if best == nil {
		best = last
	}
	return best
}

// remember adds a value to settings that settingsOf wrote.
func remember(t *testing.T, env []string, key string, value any) {
	t.Helper()
	path := filepath.Join(strings.TrimPrefix(env[0], "XDG_CONFIG_HOME="), "fyne", AppID, "preferences.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	v, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	all[key] = string(v)
	if text, err = json.Marshal(all); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
