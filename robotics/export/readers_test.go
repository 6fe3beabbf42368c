package export

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"winnow/internal/paths"
)

var record = flag.Bool("record", false, "write what the readers say to testdata/readers.txt")

// readersPython is the interpreter that has the readers, or the test is skipped and says why.
func readersPython(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("WINNOW_READERS")
	if dir == "" {
		cache, err := paths.Cache()
		if err != nil {
			t.Skip(err)
		}
		dir = filepath.Join(cache, "readers")
	}
	python := filepath.Join(dir, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(dir, "Scripts", "python.exe")
	}
	if _, err := os.Stat(python); err != nil {
		t.Skipf("no readers in %s: make a virtual environment there from testdata/requirements.txt, or name another by WINNOW_READERS", dir)
	}
	return python
}

// withFFmpeg puts the ffmpeg that came with the readers on the PATH where there is none.
func withFFmpeg(t *testing.T, python string) bool {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err == nil {
		return true
	}
	out, err := exec.Command(python, "-c", "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())").Output()
	if err != nil {
		return false
	}
	dir := t.TempDir()
	if err := os.Symlink(strings.TrimSpace(string(out)), filepath.Join(dir, "ffmpeg")); err != nil {
		return false
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return true
}

// TestRealReaders has the field's own programs open what is written here. testdata/readers.py checks
// every value and ends with an error at the first that is wrong.
func TestRealReaders(t *testing.T) {
	python := readersPython(t)
	dir := t.TempDir()
	write := func(name string, format Format, action string, o Options) {
		t.Helper()
		dims := jointDims
		if action == "deltas" {
			dims = deltaDims
		}
		if err := Write(context.Background(), format, filepath.Join(dir, name), Memory(run(t, 0, 5, dims), run(t, 1, 3, dims)), o); err != nil {
			t.Fatal(err)
		}
	}
	for _, action := range []string{"joints", "deltas"} {
		for _, format := range Formats() {
			write(action+"."+string(format), format, action, Options{Pictures: true})
		}
	}
	if withFFmpeg(t, python) {
		write("joints.video", LeRobotV3, "joints", Options{Video: true})
		write("joints.video21", LeRobotV21, "joints", Options{Video: true})
	}
	cmd := exec.Command(python, filepath.Join("testdata", "readers.py"), dir)
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8")
	var noise strings.Builder
	cmd.Stderr = &noise
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, noise.String())
	}
	t.Logf("%s", out)
	if *record {
		if err := os.WriteFile(filepath.Join("testdata", "readers.txt"), out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
