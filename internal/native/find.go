package native

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"

	"winnow/internal/paths"
)

// Libs is one sound set of libraries, ready to be loaded.
type Libs struct {
	// Dir holds them all; backends are loaded from it by name.
	Dir string
	// Kind is cpu, vulkan, cuda or metal: the best device that the set has a backend for.
	Kind string
	// Version is the package's, for instance 3.22.1; "" where a system library has none.
	Version string
	// Source says which place it came from: WINNOW_NATIVE, cache or system.
	Source string
	// GGML and GGMLBase are the paths of ggml's registry and of its core.
	GGML, GGMLBase string
	// Llama is the path of libllama, which only oracles and benches use; "" where absent.
	Llama string
	// Bytes is the size of all libraries together.
	Bytes int64
	// Passed tells what was wrong with the places that were looked at before.
	Passed []error
}

// The places that Find looks at.
const (
	SourceEnv    = "WINNOW_NATIVE"
	SourceCache  = "cache"
	SourceSystem = "system"
)

// Find returns the first sound set of libraries of a kind: "cpu", "vulkan", "cuda",
// "metal", or "auto" ("" means the same) for the best that is installed. It only reads
// headers, which takes a few milliseconds.
//
// The error is one sentence that says what is missing or wrong and how to mend it.
func Find(kind string) (Libs, error) {
	f, err := newFinder()
	if err != nil {
		return Libs{}, err
	}
	return f.find(kind)
}

// finder is Find with its surroundings spelt out, so that tests can choose them.
type finder struct {
	table  []Package
	host   host
	env    string   // WINNOW_NATIVE; "" where unset
	cache  string   // <cache>/native
	system []string // directories of the system's libraries
}

func newFinder() (finder, error) {
	f := finder{table: table, host: thisHost(), env: os.Getenv(SourceEnv), system: systemDirs()}
	cache, err := paths.Native()
	// With a directory of the user's own the cache is not needed.
	if err != nil && f.env == "" {
		return f, err
	}
	f.cache = cache
	return f, nil
}

func (f finder) find(kind string) (Libs, error) {
	kinds := []string{kind}
	switch {
	case kind == "" || kind == "auto":
		kinds = preference
	case kind == "cpu":
		// Every set has the processor backends, so any other serves where cpu's own is not.
		kinds = []string{"cpu", "vulkan", "cuda", "metal"}
	case rank(kind) < 0:
		return Libs{}, fmt.Errorf("no native libraries are called %q: choose auto, cpu, vulkan, cuda or metal", kind)
	}
	if f.env != "" {
		return f.fromEnv(kinds)
	}

	var passed []error
	for _, k := range kinds {
		p, err := choose(f.table, f.host, k)
		if err != nil {
			continue
		}
		libs, err := f.fromCache(p)
		if err == nil {
			libs.Passed = passed
			return libs, nil
		}
		if !errors.Is(err, errAbsent) {
			passed = append(passed, err)
		}
	}
	for _, dir := range f.system {
		libs, err := f.inspect(dir, false)
		switch {
		case errors.Is(err, errAbsent):
		case err != nil:
			passed = append(passed, fmt.Errorf("%w: run `winnow native install cpu` to have a set of Winnow's own", err))
		case has(kinds, libs.Kind):
			libs.Source, libs.Passed = SourceSystem, passed
			return libs, nil
		}
	}
	// What is damaged explains more than what is absent.
	if len(passed) > 0 {
		return Libs{}, passed[0]
	}
	return Libs{}, f.absent(kind)
}

func (f finder) absent(kind string) error {
	p, err := choose(f.table, f.host, kind)
	if err != nil {
		return err
	}
	return fmt.Errorf("the native %s libraries are not installed: run `winnow native install %s`", p.Kind, p.Kind)
}

func (f finder) fromEnv(kinds []string) (Libs, error) {
	libs, err := f.inspect(f.env, false)
	switch {
	case errors.Is(err, errAbsent):
		return Libs{}, fmt.Errorf("WINNOW_NATIVE is %s, where no ggml library is: unset it, or set it to a directory with libggml and libggml-base", f.env)
	case err != nil:
		return Libs{}, fmt.Errorf("%w: unset WINNOW_NATIVE, or set it to a sound directory", err)
	case !has(kinds, libs.Kind):
		return Libs{}, fmt.Errorf("WINNOW_NATIVE is %s, which has %s libraries, not %s: unset it, or set it to another directory", f.env, libs.Kind, kinds[0])
	}
	libs.Source = SourceEnv
	return libs, nil
}

func (f finder) fromCache(p Package) (Libs, error) {
	libs, err := f.inspect(filepath.Join(f.cache, p.dir()), true)
	if err != nil {
		if errors.Is(err, errAbsent) {
			return Libs{}, err
		}
		return Libs{}, fmt.Errorf("%w: run `winnow native install %s` to replace it", err, p.Kind)
	}
	libs.Kind, libs.Version, libs.Source = p.Kind, p.Version, SourceCache
	return libs, nil
}

// dir is the name of the directory in the cache that a package is installed in.
func (p Package) dir() string { return p.Kind + "-" + p.Version }

// errAbsent marks a place where nothing is, as opposed to something damaged.
var errAbsent = errors.New("nothing there")

// library takes apart a file name: libggml.vulkan.v0.5.0.so, ggml-cpu-haswell.dll,
// libggml-base.so.0. The prebuilt packages mark the name with the device and the version,
// so that two sets in one process stay apart.
var library = regexp.MustCompile(`^(?:lib)?(ggml|llama)(-[-\w.]+?)?(?:\.[a-z]+)?(?:\.v[\d.]+)?\.(?:so|dylib|dll)(?:\.\d+)*$`)

// inspect checks the libraries of one directory. Complete asks for what an installed
// package always has: a processor backend beside ggml, and every file at its full length.
func (f finder) inspect(dir string, complete bool) (Libs, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Libs{}, errAbsent
	}
	libs := Libs{Dir: dir, Kind: "cpu"}
	processors := 0
	var all []string
	for _, e := range entries {
		m := library.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		path := filepath.Join(dir, e.Name())
		switch stem, part := m[1], m[2]; {
		case stem == "ggml" && part == "":
			libs.GGML = first(libs.GGML, path)
		case stem == "ggml" && part == "-base":
			libs.GGMLBase = first(libs.GGMLBase, path)
		case stem == "llama" && part == "":
			libs.Llama = first(libs.Llama, path)
		case stem == "ggml" && strings.HasPrefix(part, "-cpu"):
			processors++
		case stem == "ggml" && rank(part[1:]) >= 0:
			if rank(part[1:]) < rank(libs.Kind) {
				libs.Kind = part[1:]
			}
		}
		all = append(all, path)
	}
	if len(all) == 0 || (!complete && libs.GGML == "" && libs.GGMLBase == "") {
		return Libs{}, errAbsent
	}
	for _, need := range []struct{ path, name string }{{libs.GGML, "libggml"}, {libs.GGMLBase, "libggml-base"}} {
		if need.path == "" {
			return Libs{}, fmt.Errorf("%s has no %s", dir, need.name)
		}
	}
	if complete && processors == 0 {
		return Libs{}, fmt.Errorf("%s has no processor backend (libggml-cpu)", dir)
	}
	for _, path := range all {
		if err := checkLibrary(path, f.host); err != nil {
			return Libs{}, err
		}
		if info, err := os.Stat(path); err == nil {
			libs.Bytes += info.Size()
		}
	}
	return libs, checkReceipt(dir)
}

// first keeps the name that was seen first: directories are read in order, and of
// libggml.so and libggml.so.0 the plain one is as good.
func first(have, path string) string {
	if have != "" {
		return have
	}
	return path
}

func has(kinds []string, kind string) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

// receiptName is the file that Install leaves beside the libraries.
const receiptName = "winnow-package.json"

// receipt says what a directory was installed from and how long each file must be.
type receipt struct {
	Name      string           `json:"name"`
	Version   string           `json:"version"`
	Integrity string           `json:"integrity"`
	Files     map[string]int64 `json:"files"`
}

// checkReceipt compares the files of a directory with its receipt. A directory without
// one was put there by hand and passes.
func checkReceipt(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, receiptName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var r receipt
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read (%w)", filepath.Join(dir, receiptName), err)
	}
	names := make([]string, 0, len(r.Files))
	for name := range r.Files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("%s names %q, which lies elsewhere", filepath.Join(dir, receiptName), name)
		}
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		switch {
		case err != nil:
			return fmt.Errorf("%s is missing", filepath.Join(dir, name))
		case info.Size() != r.Files[name]:
			return fmt.Errorf("%s has %d bytes, and %d were installed", filepath.Join(dir, name), info.Size(), r.Files[name])
		}
	}
	return nil
}

// systemDirs are the directories where distributions and package managers put libraries.
func systemDirs() []string {
	switch runtime.GOOS {
	case "darwin":
		return []string{"/opt/homebrew/lib", "/usr/local/lib"}
	case "windows":
		return nil
	}
	triple := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu",
		"arm": "arm-linux-gnueabihf", "riscv64": "riscv64-linux-gnu"}[runtime.GOARCH]
	dirs := []string{"/usr/local/lib", "/usr/lib64", "/usr/lib"}
	if triple != "" {
		dirs = append([]string{"/usr/local/lib", "/usr/lib/" + triple}, dirs[1:]...)
	}
	return dirs
}
