//go:build unix

package gui

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"winnow/app/gui/internal/desk"
	"winnow/internal/native"
	"winnow/internal/trace"
)

// TestShotsRobot makes the screenshots of the Robot view, with the real engine and simulator: see
// TestShots. Without a built-in policy the expert is photographed.
func TestShotsRobot(t *testing.T) {
	folder := os.Getenv("WINNOW_SHOTS")
	if folder == "" {
		t.Skip("makes screenshots: set WINNOW_SHOTS to their folder, as scripts/shots.sh does")
	}
	if _, err := native.FindMuJoCo(); err != nil {
		t.Skipf("the Robot view is not photographed: %v", err)
	}
	program := filepath.Join(t.TempDir(), "winnow")
	if out, err := exec.Command("go", "build", "-tags", "migrated_fynedo", "-o", program, "winnow/app").CombinedOutput(); err != nil {
		t.Fatalf("the program does not build: %v\n%s", err, out)
	}
	for _, s := range []struct{ name, model, suite, task string }{{"robot", "", "table", "put-plate"}, {"robot-expert", trace.Expert, "table", "put-bowl"}} {
		look, form := defaultLook(), defaultRobot()
		look.View, form.Model = viewRobot, s.model
		form.Suite, form.Task = s.suite, s.task
		env := settingsOf(t, defaultForm(), look)
		remember(t, env, keyRobot, form)
		d, _, _ := onDesk(t, env, program)
		time.Sleep(3 * time.Second)
		if err := d.Press(desk.Return); err != nil {
			t.Fatal(err)
		}
		robotDone(t, d, folder, s.name+"-running")
		for range 20 { // into the middle of the episode
			if err := d.Press(desk.Left); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		shot(t, d, folder, s.name)
		d.Close()
	}
}

// actedWithin is how long an episode may take on a busy machine.
const actedWithin = 4 * time.Minute

// robotDone waits for the end of a run and photographs it some seconds after its beginning.
func robotDone(t *testing.T, d *desk.Desk, folder, name string) {
	t.Helper()
	began, shown := time.Now(), false
	for ; ; time.Sleep(200 * time.Millisecond) {
		if time.Since(began) > actedWithin {
			t.Fatalf("%v passed and the episode is not done", actedWithin)
		}
		img, err := d.Shot()
		if err != nil {
			t.Fatal(err)
		}
		c := img.RGBAAt(40, 848) // the button, in the accent where it does not pause
		if running := !(c.R > 200 && c.B < 100); running && !shown && time.Since(began) > 6*time.Second {
			save(t, img, folder, name)
			shown = true
		} else if !running && time.Since(began) > 3*time.Second {
			return
		}
	}
}
