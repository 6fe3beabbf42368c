package native

import (
	"debug/elf"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// place fills a directory with a sound set of a kind, named as the packages name theirs.
func place(t *testing.T, dir, kind string) {
	t.Helper()
	mark := ""
	if kind != "cpu" {
		mark = "." + kind
		write(t, filepath.Join(dir, "libggml-"+kind+".so"), goodELF())
	}
	for _, name := range []string{"libggml" + mark + ".v0.5.0.so", "libggml-base.so", "libggml-cpu-x64.so", "libggml-cpu-armv8.0_1.so",
		"libllama" + mark + ".v0.5.0.so", "libllama-common.so"} {
		write(t, filepath.Join(dir, name), goodELF())
	}
}

func testFinder(t *testing.T) finder {
	return finder{table: table, host: linuxHost, cache: t.TempDir()}
}

func TestFindLooksInOrder(t *testing.T) {
	f := testFinder(t)
	f.system = []string{filepath.Join(t.TempDir(), "none"), t.TempDir()}
	expect := func(kind, wantKind, wantSource, wantDir string) {
		t.Helper()
		libs, err := f.find(kind)
		if err != nil || libs.Kind != wantKind || libs.Source != wantSource || libs.Dir != wantDir {
			t.Errorf("find(%q) = %+v, %v; want %s from %s in %s", kind, libs, err, wantKind, wantSource, wantDir)
		}
	}
	if _, err := f.find("auto"); err == nil || !strings.Contains(err.Error(), "run `winnow native install cpu`") {
		t.Errorf("nothing anywhere: got %v", err)
	}
	place(t, f.system[1], "cpu")
	expect("auto", "cpu", SourceSystem, f.system[1])

	cpu := filepath.Join(f.cache, "cpu-3.22.1")
	place(t, cpu, "cpu")
	expect("", "cpu", SourceCache, cpu)

	vulkan := filepath.Join(f.cache, "vulkan-3.22.1")
	place(t, vulkan, "vulkan")
	expect("auto", "vulkan", SourceCache, vulkan)
	expect("cpu", "cpu", SourceCache, cpu)
	if _, err := f.find("cuda"); err == nil || !strings.Contains(err.Error(), "run `winnow native install cuda`") {
		t.Errorf("cuda is not there: got %v", err)
	}

	f.env = t.TempDir()
	place(t, f.env, "cpu")
	expect("auto", "cpu", SourceEnv, f.env)
	if _, err := f.find("vulkan"); err == nil || !strings.Contains(err.Error(), "has cpu libraries, not vulkan") {
		t.Errorf("vulkan in a cpu directory: got %v", err)
	}
	if _, err := f.find("tpu"); err == nil || !strings.Contains(err.Error(), "choose auto, cpu, vulkan, cuda or metal") {
		t.Errorf("an unknown kind: got %v", err)
	}
}

func TestPathsOfASet(t *testing.T) {
	f := testFinder(t)
	dir := filepath.Join(f.cache, "vulkan-3.22.1")
	place(t, dir, "vulkan")
	libs, err := f.find("vulkan")
	if err != nil {
		t.Fatal(err)
	}
	want := Libs{Dir: dir, Kind: "vulkan", Version: "3.22.1", Source: SourceCache,
		GGML:     filepath.Join(dir, "libggml.vulkan.v0.5.0.so"),
		GGMLBase: filepath.Join(dir, "libggml-base.so"),
		Llama:    filepath.Join(dir, "libllama.vulkan.v0.5.0.so"),
		Bytes:    int64(7 * len(goodELF()))}
	if libs.Dir != want.Dir || libs.Kind != want.Kind || libs.Version != want.Version || libs.Source != want.Source ||
		libs.GGML != want.GGML || libs.GGMLBase != want.GGMLBase || libs.Llama != want.Llama || libs.Bytes != want.Bytes {
		t.Errorf("got  %+v\nwant %+v", libs, want)
	}
}

// A set with a GPU has the processor's backends too.
func TestAnySetServesTheProcessor(t *testing.T) {
	f := testFinder(t)
	place(t, filepath.Join(f.cache, "vulkan-3.22.1"), "vulkan")
	if libs, err := f.find("cpu"); err != nil || libs.Kind != "vulkan" {
		t.Errorf("got %+v, %v", libs, err)
	}
}

func TestDamageIsASentenceAndNotHidden(t *testing.T) {
	f := testFinder(t)
	cpu, vulkan := filepath.Join(f.cache, "cpu-3.22.1"), filepath.Join(f.cache, "vulkan-3.22.1")
	place(t, vulkan, "vulkan")
	write(t, filepath.Join(vulkan, "libggml-vulkan.so"), goodELF()[:50])

	_, err := f.find("auto")
	if err == nil || !strings.Contains(err.Error(), "libggml-vulkan.so is cut short") || !strings.Contains(err.Error(), "run `winnow native install vulkan` to replace it") {
		t.Errorf("only a damaged set: got %v", err)
	}
	// With a sound one beside it that one is used, and what was passed over is told.
	place(t, cpu, "cpu")
	libs, err := f.find("auto")
	if err != nil || libs.Kind != "cpu" || len(libs.Passed) != 1 || !strings.Contains(libs.Passed[0].Error(), "libggml-vulkan.so") {
		t.Errorf("a damaged set and a sound one: got %+v, %v", libs, err)
	}
	all := f.list()
	if len(all) != 2 || all[0].Kind != "cpu" || all[0].Err != nil || all[1].Kind != "vulkan" || all[1].Err == nil || all[1].Dir != vulkan {
		t.Errorf("list: got %+v", all)
	}

	for name, spoil := range map[string]func(){
		"has no libggml-base":                   func() { remove(t, cpu, "libggml-base.so") },
		"libggml.v0.5.0.so is empty":            func() { write(t, filepath.Join(cpu, "libggml.v0.5.0.so"), nil) },
		"is built for arm64":                    func() { write(t, filepath.Join(cpu, "libllama-common.so"), fakeELF(elf.EM_AARCH64, elf.ET_DYN)) },
		"has no processor backend":              func() { remove(t, cpu, "libggml-cpu-x64.so"); remove(t, cpu, "libggml-cpu-armv8.0_1.so") },
		"has 241 bytes, and 999 were installed": func() { write(t, filepath.Join(cpu, receiptName), []byte(`{"files":{"libggml-base.so":999}}`)) },
		"libgone.so is missing":                 func() { write(t, filepath.Join(cpu, receiptName), []byte(`{"files":{"libgone.so":9}}`)) },
		receiptName + " cannot be read":         func() { write(t, filepath.Join(cpu, receiptName), []byte(`{`)) },
	} {
		if err := os.RemoveAll(f.cache); err != nil {
			t.Fatal(err)
		}
		place(t, cpu, "cpu")
		spoil()
		name = strings.ReplaceAll(name, "241", itoa(len(goodELF())))
		if _, err := f.find("cpu"); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "run `winnow native install cpu`") {
			t.Errorf("want %q, got %v", name, err)
		}
	}
}

func TestTheUsersDirectoryIsNotPassedOver(t *testing.T) {
	f := testFinder(t)
	place(t, filepath.Join(f.cache, "cpu-3.22.1"), "cpu")
	f.env = filepath.Join(t.TempDir(), "typo")
	if _, err := f.find("auto"); err == nil || !strings.Contains(err.Error(), "where no ggml library is: unset it") {
		t.Errorf("a directory that is not there: got %v", err)
	}
	place(t, f.env, "cpu")
	write(t, filepath.Join(f.env, "libggml-base.so"), []byte("not found"))
	if _, err := f.find("auto"); err == nil || !strings.Contains(err.Error(), "is not a shared library: unset WINNOW_NATIVE") {
		t.Errorf("a bad library: got %v", err)
	}
	if all := f.list(); len(all) != 2 || all[0].Source != SourceEnv || all[0].Err == nil {
		t.Errorf("list: got %+v", all)
	}
}

func TestEveryPinIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range table {
		id := p.Kind + p.OS + p.Arch
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
		if err != nil || len(sum) != 64 || !strings.HasPrefix(p.Integrity, "sha512-") {
			t.Errorf("%s: the hash is not a SHA-512: %v", p.Name, err)
		}
		if seen[id] || rank(p.Kind) < 0 || clients[p.Client] == nil || p.Version == "" || p.Name == "" {
			t.Errorf("%+v is incomplete or there twice", p)
		}
		seen[id] = true
	}
	// What the plainest word gives on each platform that has anything.
	for _, h := range []host{linuxHost, {"linux", "arm64"}, {"darwin", "arm64"}, {"darwin", "amd64"}, {"windows", "amd64"}, {"windows", "arm64"}} {
		if p, err := choose(table, h, "auto"); err != nil || p.Kind != "cpu" {
			t.Errorf("%v: got %+v, %v", h, p, err)
		}
	}
	if _, err := choose(table, host{"plan9", "amd64"}, "cpu"); err == nil || !strings.Contains(err.Error(), "--device ref") {
		t.Errorf("a platform without packages: got %v", err)
	}
	if _, err := choose(table, host{"linux", "arm64"}, "cuda"); err == nil || !strings.Contains(err.Error(), "choose cpu") {
		t.Errorf("a kind without a package: got %v", err)
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}
