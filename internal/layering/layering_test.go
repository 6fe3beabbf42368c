package layering

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "winnow/"

// pkg is what is looked at of a package. Its paths are relative to the module's root,
// and those of other modules stay whole.
type pkg struct {
	path    string
	imports []string // of the package itself; its tests may import what they like
	all     []string // everything it imports, through others as well
}

// rule forbids some packages an import, and says why in the words of the failure.
type rule struct {
	why      string
	applies  func(path string) bool
	forbids  func(path, imported string) bool
	indirect bool // also through other packages
}

var rules = []rule{
	{
		why:      "the engine never imports Fyne: only app does",
		applies:  outside("app"),
		forbids:  func(_, imported string) bool { return in(imported, "fyne.io") },
		indirect: true,
	},
	{
		why:     "only internal/compute/ggml, the oracle internal/libllama and the simulator call native libraries; ask internal/compute instead",
		applies: outside("internal/compute/ggml", "internal/native", "internal/libllama", "robotics/sim"),
		forbids: func(_, imported string) bool {
			return in(imported, "github.com/ebitengine/purego") || in(imported, "github.com/jupiterrider/ffi")
		},
	},
	{
		// internal/compute opens the backend; a program may have to register it.
		why:     "nothing outside internal/compute knows ggml; ask internal/compute instead",
		applies: outside("internal/compute"),
		forbids: func(_, imported string) bool { return in(imported, "internal/compute/ggml") },
	},
	{
		why:     "internal packages know nothing of pipelines, methods or the application",
		applies: inside("internal"),
		forbids: func(_, imported string) bool {
			return in(imported, "app", "robotics", "diffusion", "vlm", "vision", "pruning")
		},
		indirect: true,
	},
	{
		why: "a pruning method is a pure function: it imports the pruning contract and the standard library",
		applies: func(path string) bool {
			return strings.HasPrefix(path, "pruning/") && !catalogue(path)
		},
		forbids: func(_, imported string) bool { return imported != "pruning" && !standard(imported) },
	},
	{
		why:      "the pruning contract lies below vision and every pipeline",
		applies:  inside("pruning"),
		forbids:  func(_, imported string) bool { return in(imported, "app", "robotics", "diffusion", "vlm", "vision") },
		indirect: true,
	},
	{
		why:      "vision lies below the pipelines",
		applies:  inside("vision"),
		forbids:  func(_, imported string) bool { return in(imported, "app", "robotics", "diffusion", "vlm") },
		indirect: true,
	},
	{
		why:     "pipelines know nothing of the application or of a method by name",
		applies: inside("vlm", "robotics", "diffusion"),
		forbids: func(_, imported string) bool {
			return in(imported, "app") || strings.HasPrefix(imported, "pruning/") && !catalogue(imported)
		},
	},
	{
		why:     "nobody imports the application",
		applies: outside("app"),
		forbids: func(_, imported string) bool { return in(imported, "app") },
	},
}

// catalogue packages list the methods by name, so that nobody else has to.
func catalogue(path string) bool {
	return in(path, "pruning/all", "pruning/catalogue", "pruning/methods")
}

// in tells whether path is one of the folders or below one.
func in(path string, folders ...string) bool {
	for _, f := range folders {
		if path == f || strings.HasPrefix(path, f+"/") {
			return true
		}
	}
	return false
}

func inside(folders ...string) func(string) bool {
	return func(path string) bool { return in(path, folders...) }
}

func outside(folders ...string) func(string) bool {
	return func(path string) bool { return !in(path, folders...) }
}

// standard tells a package of the standard library by its first part, which has no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && !ours(first)
}

func ours(folder string) bool {
	return in(folder, "app", "assets", "vision", "vlm", "robotics", "diffusion", "pruning", "internal")
}

// broken returns a sentence for every import that a rule forbids.
func broken(packages []pkg) []string {
	var out []string
	for _, p := range packages {
		for _, r := range rules {
			if !r.applies(p.path) {
				continue
			}
			imports := p.imports
			if r.indirect {
				imports = p.all
			}
			for _, imported := range imports {
				if r.forbids(p.path, imported) {
					out = append(out, fmt.Sprintf("%s imports %s: %s", p.path, imported, r.why))
				}
			}
		}
	}
	return out
}

func TestPackagesImportOnlyWhatLiesBelow(t *testing.T) {
	packages := load(t)
	for _, sentence := range broken(packages) {
		t.Error(sentence)
	}
	seen := map[string]bool{}
	for _, p := range packages {
		seen[p.path] = true
	}
	// A list that lost the tree would pass everything.
	for _, path := range []string{"internal/layering", "internal/native", "pruning"} {
		if !seen[path] {
			t.Errorf("the package %s was not looked at", path)
		}
	}
}

func TestEveryFolderExplainsItself(t *testing.T) {
	for _, p := range load(t) {
		file := filepath.Join(root, filepath.FromSlash(p.path), "doc.go")
		doc, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		switch {
		case errors.Is(err, os.ErrNotExist):
			t.Errorf("%s has no doc.go: say there what the package is, draw its data, and name the file to read first", p.path)
		case err != nil:
			t.Error(err)
		case doc.Doc == nil || len(doc.Doc.Text()) < 80:
			t.Errorf("%s/doc.go has no package comment that explains anything", p.path)
		}
	}
}

// The rules are tried on imports that must not be, so that a rule that lost its teeth fails.
func TestTheRulesBite(t *testing.T) {
	for _, c := range []struct {
		path, imported string
		allowed        bool
	}{
		{"vlm", "fyne.io/fyne/v2", false},
		{"app/cli", "fyne.io/fyne/v2", true},
		{"vlm/llama", "github.com/ebitengine/purego", false},
		{"internal/compute", "github.com/ebitengine/purego", false},
		{"internal/compute/ggml", "github.com/ebitengine/purego", true},
		{"vlm/llama", "internal/compute/ggml", false},
		{"vlm/llama", "internal/compute", true},
		{"internal/trace", "pruning", false},
		{"internal/trace", "vlm", false},
		{"pruning/fastv", "pruning", true},
		{"pruning/fastv", "math", true},
		{"pruning/fastv", "internal/compute", false},
		{"pruning/fastv", "pruning/random", false},
		{"pruning/fastv", "golang.org/x/exp/rand", false},
		{"pruning/catalogue", "pruning/fastv", true},
		{"pruning", "vision/grid", false},
		{"vision/clip", "vlm", false},
		{"vision/clip", "internal/compute", true},
		{"vlm", "pruning", true},
		{"vlm", "pruning/fastv", false},
		{"vlm", "vision", true},
		{"vlm", "app/cli", false},
		{"visionary", "vlm", true},
	} {
		got := broken([]pkg{{path: c.path, imports: []string{c.imported}, all: []string{c.imported}}})
		if (len(got) == 0) != c.allowed {
			t.Errorf("%s importing %s: allowed should be %v, and the rules say %q", c.path, c.imported, c.allowed, got)
		}
	}
}

const root = "../.."

// load lists the module's packages without building any: cgo off spares the C compiler.
func load(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-tags=migrated_fynedo", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOPROXY=off")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, said.String())
	}
	var packages []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath    string
			Imports, Deps []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, pkg{path: relative(p.ImportPath), imports: relatives(p.Imports), all: relatives(p.Deps)})
	}
	return packages
}

func relative(path string) string { return strings.TrimPrefix(path, module) }

func relatives(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = relative(p)
	}
	return out
}
