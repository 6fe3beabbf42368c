//go:build unix

package gui

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"winnow/app/gui/internal/desk"
)

// TestShotsCompare makes the screenshot of the Compare view: see TestShots.
func TestShotsCompare(t *testing.T) {
	folder := os.Getenv("WINNOW_SHOTS")
	if folder == "" {
		t.Skip("makes screenshots: set WINNOW_SHOTS to their folder, as scripts/shots.sh does")
	}
	program := filepath.Join(t.TempDir(), "winnow")
	if out, err := exec.Command("go", "build", "-tags", "migrated_fynedo", "-o", program, "winnow/app").CombinedOutput(); err != nil {
		t.Fatalf("the program does not build: %v\n%s", err, out)
	}
	d, _, _ := onDesk(t, settings(t, "auto"), program)
	time.Sleep(3 * time.Second)
	if err := d.Press('2', desk.Control); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	openBallScene(d)
	for _, question := range []string{"Is there a chair?", "Describe the picture."} { // the first warms the engine up
		ask(t, d, question)
		time.Sleep(time.Second)
		eventually(t, "the comparison is over", func() bool {
			img, err := d.Shot()
			if err != nil {
				t.Fatal(err)
			}
			c := img.RGBAAt(40, 848) // the button is in the accent, unless it cancels
			return c.R > 200 && c.B < 100
		})
		time.Sleep(2 * time.Second) // it is played once
	}
	d.Move(900, 258)
	d.Move(905, 262) // a cell of CoreMatching's airplane
	time.Sleep(500 * time.Millisecond)
	shot(t, d, folder, "compare")
	d.Move(700, 430)
	d.Click(1015, 77) // the overlap
	time.Sleep(time.Second)
	d.Move(760, 330)
	d.Move(765, 335)
	time.Sleep(500 * time.Millisecond)
	shot(t, d, folder, "compare-overlap")
}
