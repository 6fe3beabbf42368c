//go:build unix

package gui

import (
	"encoding/json"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"winnow/app/gui/internal/desk"
)

// TestShots makes the screenshots in the folder that WINNOW_SHOTS names, of the built program with
// its real engine, driven by keys and clicks.
func TestShots(t *testing.T) {
	folder := os.Getenv("WINNOW_SHOTS")
	if folder == "" {
		t.Skip("makes screenshots: set WINNOW_SHOTS to their folder, as scripts/shots.sh does")
	}
	program := filepath.Join(t.TempDir(), "winnow")
	if out, err := exec.Command("go", "build", "-tags", "migrated_fynedo", "-o", program, "winnow/app").CombinedOutput(); err != nil {
		t.Fatalf("the program does not build: %v\n%s", err, out)
	}
	const question = "Describe the picture."
	t.Run("empty and finished", func(t *testing.T) {
		d, _, _ := onDesk(t, settings(t, "auto"), program)
		time.Sleep(3 * time.Second)
		shot(t, d, folder, "empty")
		openBallScene(d)
		ask(t, d, "Is there a chair?")
		time.Sleep(3 * time.Second)
		ask(t, d, question)
		time.Sleep(3 * time.Second)
		d.Move(760, 350)
		d.Move(790, 372) // a cell of the airplane
		time.Sleep(500 * time.Millisecond)
		shot(t, d, folder, "finished")
	})
	// Plain Go is slow enough to be caught at work.
	t.Run("running", func(t *testing.T) {
		d, _, _ := onDesk(t, settings(t, "ref"), program)
		time.Sleep(3 * time.Second)
		openBallScene(d)
		var best *image.RGBA
		for range 6 { // until one shows the pruned side with tokens gone
			ask(t, d, question)
			img := atWork(t, d, false)
			if best == nil || decided(img) > decided(best) {
				best = img
			}
			if decided(best) > 100 {
				break
			}
			time.Sleep(2 * time.Second)
		}
		save(t, best, folder, "running")
	})
	// What each method has of its own in the inspector.
	for _, m := range []struct{ shot, tab, method string }{{"ratios", "Layers", "zipvl"}, {"words", "Words", "vasparse"}, {"byhand", "Match", "corematching"}} {
		t.Run(m.shot, func(t *testing.T) {
			f, l := defaultForm(), defaultLook()
			f.Methods, l.Tab = []stage{{Name: m.method}}, m.tab
			d, _, _ := onDesk(t, settingsOf(t, f, l), program)
			time.Sleep(3 * time.Second)
			openBallScene(d)
			ask(t, d, "Is there a chair?")
			time.Sleep(3 * time.Second)
			ask(t, d, question)
			time.Sleep(8 * time.Second) // the replay, then the curve
			switch m.shot {
			case "words":
				for _, k := range []xproto.Keysym{desk.Down, desk.Right, desk.Right, desk.Right} {
					if err := d.Press(k); err != nil {
						t.Fatal(err)
					}
				}
			case "byhand":
				for _, at := range []image.Point{{530, 640}, {870, 240}, {700, 430}} {
					d.Click(at.X, at.Y)
					time.Sleep(time.Second)
				}
				time.Sleep(6 * time.Second)
			}
			d.Move(700, 430)
			d.Move(704, 433)
			time.Sleep(time.Second)
			shot(t, d, folder, m.shot)
		})
	}
	t.Run("error", func(t *testing.T) {
		d, _, cmd := onDesk(t, settings(t, "ref"), program)
		time.Sleep(3 * time.Second)
		openBallScene(d)
		ask(t, d, question)
		atWork(t, d, true)
		for _, pid := range children(t, cmd.Process.Pid) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(2 * time.Second)
		shot(t, d, folder, "error")
	})
}

// atWork returns a picture of a run in progress: the first, or the last before it is done.
func atWork(t *testing.T, d *desk.Desk, first bool) *image.RGBA {
	t.Helper()
	var last *image.RGBA
	eventually(t, "a run is seen at work", func() bool {
		img, err := d.Shot()
		if err != nil {
			t.Fatal(err)
		}
		// The button under the left column is in the accent, unless it cancels.
		c := img.RGBAAt(40, 840)
		running := !(c.R > 200 && c.B < 100)
		if running {
			last = img
		}
		return last != nil && (first || !running)
	})
	return last
}

// decided counts the accent's pixels in the timeline.
func decided(img *image.RGBA) int {
	n := 0
	for y := 800; y < 845; y++ {
		for x := 345; x < 1050; x++ {
			if c := img.RGBAAt(x, y); c.R > 200 && c.B < 100 {
				n++
			}
		}
	}
	return n
}

// settings writes the settings of a fresh start, but for the device, and returns the environment
// that finds them.
func settings(t *testing.T, device string) []string {
	t.Helper()
	f := defaultForm()
	f.Device = device
	if device == "ref" {
		f.Threads = 1
	}
	return settingsOf(t, f, defaultLook())
}

// settingsOf writes these.
func settingsOf(t *testing.T, f form, l look) []string {
	t.Helper()
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	view, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	dir := filepath.Join(home, "fyne", AppID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := json.Marshal(map[string]any{keyForm: string(text), keyLook: string(view)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "preferences.json"), all, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"XDG_CONFIG_HOME=" + home}
}

// openBallScene clicks the eleventh sample scene.
func openBallScene(d *desk.Desk) {
	d.Click(208, 236)
	time.Sleep(2 * time.Second)
}

// ask types a question and Enter.
func ask(t *testing.T, d *desk.Desk, question string) {
	t.Helper()
	d.Click(120, 310)
	if err := d.Press('a', desk.Control); err != nil {
		t.Fatal(err)
	}
	if err := d.Type(question); err != nil {
		t.Fatal(err)
	}
	if err := d.Press(desk.Return); err != nil {
		t.Fatal(err)
	}
}

func shot(t *testing.T, d *desk.Desk, folder, name string) {
	t.Helper()
	img, err := d.Shot()
	if err != nil {
		t.Fatal(err)
	}
	save(t, img, folder, name)
}

func save(t *testing.T, img *image.RGBA, folder, name string) {
	t.Helper()
	path := filepath.Join(folder, name+".png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := desk.WritePNG(f, img); err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err == nil && info.Size() > 250_000 {
		t.Errorf("%s has %d bytes; a screenshot here has at most 250 kB", path, info.Size())
	}
}

// children are the processes that one has started.
func children(t *testing.T, pid int) []int {
	t.Helper()
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var out []int
	for _, l := range lists {
		b, _ := os.ReadFile(l)
		for _, f := range strings.Fields(string(b)) {
			var n int
			if _, err := fmt.Sscan(f, &n); err == nil {
				out = append(out, n)
			}
		}
	}
	if len(out) == 0 {
		t.Error("the engine's process is not found")
	}
	return out
}
