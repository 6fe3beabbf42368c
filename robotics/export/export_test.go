package export

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"winnow/robotics/episode"
)

// left lists what lies in a folder, hidden siblings too.
func left(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestEveryFormatIsWrittenWholeAndNothingElse(t *testing.T) {
	for _, format := range Formats() {
		dir := t.TempDir()
		path := filepath.Join(dir, "out")
		var last Progress
		calls := 0
		err := Write(context.Background(), format, path, Memory(run(t, 0, 4, jointDims)), Options{Progress: func(p Progress) { last = p; calls++ }})
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		want := []string{"out"}
		if format == CSV {
			want = []string{"out", "out-metadata.json"}
		}
		if got := left(t, dir); !slices.Equal(got, want) {
			t.Errorf("%s left %v, want %v", format, got, want)
		}
		// 0 of 4 steps to 4 of 4, and that all is done.
		if calls != 6 || last != (Progress{Episode: 1, Episodes: 1}) {
			t.Errorf("%s told %d times how far it was, at last %+v", format, calls, last)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o044 != 0o044 && runtime.GOOS != "windows" {
			t.Errorf("%s: others cannot read the export: %v %v", format, info.Mode(), err)
		}
	}
}

func TestCancellingLeavesNothing(t *testing.T) {
	for _, format := range Formats() {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		err := Write(ctx, format, filepath.Join(dir, "out"), Memory(run(t, 0, 4, jointDims), run(t, 1, 4, jointDims)),
			Options{Progress: func(p Progress) {
				if p.Episode == 1 && p.Step == 2 {
					cancel()
				}
			}})
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was cancelled and nothing is left") {
			t.Errorf("%s: got %v", format, err)
		}
		if got := left(t, dir); len(got) > 0 {
			t.Errorf("%s left %v", format, got)
		}
	}
}

func TestPlacesThatCannotBeWrittenAreNamedBeforeAnythingIsRecorded(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(dir, "full")
	if err := os.MkdirAll(filepath.Join(full, "something"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		for _, c := range []struct{ path, say string }{
			{filepath.Join(dir, "none", "out"), "there is no folder " + filepath.Join(dir, "none")},
			{filepath.Join(file, "out"), "was not written"},
			{full, map[bool]string{true: "holds something already; a dataset is written whole", false: "is a folder; give the name of a file"}[format.Folder()]},
		} {
			if _, err := Begin(format, c.path, Options{}); err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("%s to %s: got %v, want a sentence with %q", format, c.path, err, c.say)
			}
		}
	}
	if _, err := Begin(LeRobotV3, file, Options{}); err == nil || !strings.Contains(err.Error(), "is no folder") {
		t.Errorf("a dataset in a file's place gave %v", err)
	}
	if got := left(t, dir); !slices.Equal(got, []string{"file", "full"}) {
		t.Errorf("left %v", got)
	}
}

func TestAFolderOfSomebodyElseIsASentence(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a folder where not even the administrator may write")
	}
	// Nobody makes files in /sys/kernel, whoever runs the test.
	for _, format := range Formats() {
		if _, err := Begin(format, "/sys/kernel/out", Options{}); err == nil || !strings.Contains(err.Error(), "was not written") || !strings.Contains(err.Error(), "choose another") {
			t.Errorf("%s: got %v", format, err)
		}
	}
}

func TestAFullDiskIsASentence(t *testing.T) {
	p := &pending{target: "out", tmp: "x"}
	err := p.sentence(&os.PathError{Op: "write", Path: "/tmp/.hidden", Err: syscall.ENOSPC})
	if !strings.Contains(err.Error(), "the disk is full; free some space") || strings.Contains(err.Error(), "hidden") {
		t.Error(err)
	}
}

func TestWhatAKilledExportLeftIsSweptAfterADay(t *testing.T) {
	dir := t.TempDir()
	old, fresh, lives, other := filepath.Join(dir, ".out.partial-1"), filepath.Join(dir, ".out.partial-2"), filepath.Join(dir, ".out.partial-3"), filepath.Join(dir, ".outside.partial-1")
	for _, d := range []string{old, fresh, lives, other} {
		if err := os.MkdirAll(filepath.Join(d, "data"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-25 * time.Hour)
	for _, d := range []string{filepath.Join(old, "data"), old, lives, other} { // in one of them something was written since
		if err := os.Chtimes(d, past, past); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Begin(LeRobotV3, filepath.Join(dir, "out"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.Discard()
	if got := left(t, dir); !slices.Equal(got, []string{".out.partial-2", ".out.partial-3", ".outside.partial-1"}) {
		t.Errorf("left %v", got)
	}
}

// TestKilledMidExport is run again by itself as a process that is killed in the middle.
func TestKilledMidExportLeavesNoTarget(t *testing.T) {
	if dir := os.Getenv("WINNOW_TEST_KILLED_EXPORT"); dir != "" {
		w, err := Begin(Format(os.Getenv("WINNOW_TEST_KILLED_FORMAT")), filepath.Join(dir, "out"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for k := range 1000 { // until it is killed
			if err := w.Add(context.Background(), run(t, k, 20, jointDims)); err != nil {
				t.Fatal(err)
			}
			os.WriteFile(filepath.Join(dir, "going"), nil, 0o644)
		}
		return
	}
	for _, format := range Formats() {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledMidExportLeavesNoTarget$")
		cmd.Env = append(os.Environ(), "WINNOW_TEST_KILLED_EXPORT="+dir, "WINNOW_TEST_KILLED_FORMAT="+string(format))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
			if _, err := os.Stat(filepath.Join(dir, "going")); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Error("the export did not get going in 20 seconds")
				break
			}
		}
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err == nil {
			t.Errorf("%s: the export ended before it was killed", format)
		}
		if _, err := os.Lstat(filepath.Join(dir, "out")); err == nil {
			t.Errorf("%s: a killed export is there under its name", format)
		}
		// What is left does not stand in the way of the next try.
		if err := Write(context.Background(), format, filepath.Join(dir, "out"), Memory(run(t, 0, 2, jointDims)), Options{}); err != nil {
			t.Errorf("%s: the next export: %v", format, err)
		}
	}
}

func TestAnEpisodeThatDoesNotFitIsRefusedAndTheExportGoesOn(t *testing.T) {
	for _, c := range []struct {
		spoil func(*episode.Episode)
		say   string
	}{
		{func(e *episode.Episode) { e.FPS = 11 }, "11 steps a second and the first at 10"},
		{func(e *episode.Episode) { e.Robot = "xarm" }, `robot is "xarm"`},
		{func(e *episode.Episode) {
			e.Action = slices.Clone(e.Action)
			e.Action[0].Unit = "m"
		}, "its action has the dimensions"},
		{func(e *episode.Episode) { e.Cameras[0].Frame = "other" }, "its cameras are"},
		{func(e *episode.Episode) {
			for i := range e.Steps {
				e.Steps[i].Pruning = nil
			}
		}, "says what was pruned"},
		{func(e *episode.Episode) {
			for i := range e.Steps {
				if p := e.Steps[i].Pruning; p != nil {
					p.Mask, p.Rows, p.Cols = []bool{true, false}, 1, 2
				}
			}
		}, "have 2 cells and those of the first 6"},
		{func(e *episode.Episode) { e.Steps[1].Action[0] = nan32() }, "the action of step 1 is NaN in dimension 0 (panda_joint1)"},
	} {
		w, err := Begin(JSONL, filepath.Join(t.TempDir(), "out.jsonl"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		bad := run(t, 1, 3, jointDims)
		c.spoil(bad)
		ctx := context.Background()
		if err := w.Add(ctx, run(t, 0, 3, jointDims)); err != nil {
			t.Fatal(err)
		}
		if err := w.Add(ctx, bad); err == nil || !strings.Contains(err.Error(), c.say) || !strings.Contains(err.Error(), "episode 1 was not added") {
			t.Errorf("got %v, want a sentence with %q", err, c.say)
		}
		if err := errors.Join(w.Add(ctx, run(t, 1, 3, jointDims)), w.Commit()); err != nil {
			t.Errorf("after a refused episode: %v", err)
		}
		if err := w.Add(ctx, bad); err == nil || !strings.Contains(err.Error(), "is complete") {
			t.Errorf("after Commit Add gave %v", err)
		}
	}
}

func TestNothingToExportIsASentence(t *testing.T) {
	dir := t.TempDir()
	for _, format := range Formats() {
		if err := Write(context.Background(), format, filepath.Join(dir, "out"), Memory(), Options{}); err == nil || !strings.Contains(err.Error(), "no episode was added") {
			t.Errorf("%s: %v", format, err)
		}
	}
	if _, err := Begin("hdf5", filepath.Join(dir, "out"), Options{}); err == nil || !strings.Contains(err.Error(), "choose one of") {
		t.Error(err)
	}
	if got := left(t, dir); len(got) > 0 {
		t.Errorf("left %v", got)
	}
}

func TestFilesAreASource(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "0.episode")
	if err := episode.Save(path, run(t, 0, 3, jointDims)); err != nil {
		t.Fatal(err)
	}
	if err := Write(context.Background(), JSONL, filepath.Join(dir, "out"), Files(path), Options{}); err != nil {
		t.Fatal(err)
	}
	err := Write(context.Background(), JSONL, filepath.Join(dir, "out2"), Files(path, filepath.Join(dir, "none")), Options{})
	if err == nil || !strings.Contains(err.Error(), "there is no file") {
		t.Error(err)
	}
	if got := left(t, dir); !slices.Equal(got, []string{"0.episode", "out"}) {
		t.Errorf("left %v", got)
	}
}
