package gui

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"winnow/app/gui/internal/desk"
	"winnow/internal/trace"
)

// asWindow makes the test program a window with a scripted engine. Its value is a file that gets
// each request.
const asWindow = "WINNOW_TEST_WINDOW"

func TestMain(m *testing.M) {
	log := os.Getenv(asWindow)
	if log == "" {
		os.Exit(m.Run())
	}
	Run(&fakeRobot{side: viewSide, fakeEngine: fakeEngine{script: func(r trace.Request) []trace.Event {
		if b, err := json.Marshal(r); err == nil {
			os.WriteFile(log, b, 0o600)
		}
		if r.Draw != nil {
			return replayDrawing(r)
		}
		return replay(r)
	}, pause: pace()}}, Options{Files: os.Args[1:]})
}

// asPace is how long the scripted engine waits before each event, as a duration.
const asPace = "WINNOW_TEST_PACE"

func pace() time.Duration {
	d, _ := time.ParseDuration(os.Getenv(asPace)) // none where it is not set
	return d
}

// onDesk starts a program on a display of its own, with settings of its own.
func onDesk(t *testing.T, env []string, program string, args ...string) (*desk.Desk, xproto.Window, *exec.Cmd) {
	t.Helper()
	d, err := desk.Start(1440, 900)
	if errors.Is(err, desk.ErrNoServer) {
		t.Skip("the window is tested on a virtual display, and no Xvfb is installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	cmd := exec.Command(program, args...)
	cmd.Env = append(append(os.Environ(), d.Env()...), env...)
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	win, err := d.Find("Winnow", 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the window is up after %v", time.Since(began).Round(time.Millisecond))
	d.Focus(win)
	return d, win, cmd
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("20 s passed and not yet: %s", what)
		}
	}
}

func TestRealWindowTakesADropAndAQuestion(t *testing.T) {
	home := t.TempDir()
	log := filepath.Join(home, "request.json")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d, win, cmd := onDesk(t, []string{asWindow + "=" + log, "HOME=" + home, "XDG_CONFIG_HOME=" + home}, self)
	idle(t, cmd.Process.Pid) // with the keyboard in the question
	if err := d.Type("How many sheep?"); err != nil {
		t.Fatal(err)
	}
	path := writePNG(t, "Foto é 1.png", 90, 60)
	if err := d.Drop(win, 700, 450, path, writePNG(t, "second.png", 8, 8)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the title names the picture", func() bool { return strings.HasPrefix(d.Title(win), "Foto é 1.png") })
	if err := d.Press(desk.Return, desk.Control); err != nil {
		t.Fatal(err)
	}
	var r trace.Request
	eventually(t, "the question was asked", func() bool {
		b, err := os.ReadFile(log)
		return err == nil && json.Unmarshal(b, &r) == nil
	})
	if r.Question() != "How many sheep?" || r.Picture != path {
		t.Errorf("asked %q about %q", r.Question(), r.Picture)
	}
	idle(t, cmd.Process.Pid)
}

// idle checks that a window in which nothing happens takes next to no processor time.
func idle(t *testing.T, pid int) {
	t.Helper()
	time.Sleep(3 * time.Second) // the replay of the run
	before, ok := ticks(pid)
	if !ok {
		t.Log("this system does not tell the processor time of a process")
		return
	}
	const watch = 3
	time.Sleep(watch * time.Second)
	after, _ := ticks(pid)
	share := float64(after-before) / watch // a tick is a hundredth of a second
	t.Logf("idle: %.1f %% of a core", share)
	if share > 15 { // 3 % is the aim, on a machine that does nothing else
		t.Errorf("the idle window takes %.1f %% of a core", share)
	}
}

// ticks is the processor time of a process, in hundredths of a second.
func ticks(pid int) (int, bool) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, false
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(f) < 13 {
		return 0, false
	}
	user, err1 := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	return user + system, err1 == nil && err2 == nil
}
