package catalogue

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"winnow/pruning"
)

// methods are the folders beside this one.
func methods(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "catalogue" {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestEveryFolderIsInTheCatalogue(t *testing.T) {
	have := map[string]pruning.Info{}
	for _, info := range pruning.Infos() {
		have[info.Name] = info
	}
	for _, name := range methods(t) {
		info, ok := have[name]
		if !ok {
			t.Errorf("pruning/%s is not imported by the catalogue", name)
			continue
		}
		if info.Title == "" || info.Paper == "" || info.Removes == "" || info.Provenance == "" || len(info.Stages) == 0 {
			t.Errorf("%s does not describe itself: %+v", name, info)
		}
		if _, _, err := pruning.New(pruning.Spec{Name: name}); err != nil {
			t.Errorf("%s with its defaults: %v", name, err)
		}
		for _, p := range pruning.Params(name) {
			if p.Help == "" || p.Name != strings.ToLower(p.Name) {
				t.Errorf("parameter %q of %s has no help, or capitals", p.Name, name)
			}
		}
	}
}

// TestMethodsSeeOnlyTheContract keeps tensors, graphs and windows out of methods. Their tests may
// load golden cases.
func TestMethodsSeeOnlyTheContract(t *testing.T) {
	for _, name := range append(methods(t), ".") {
		files, err := filepath.Glob(filepath.Join("..", name, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no file (%v)", name, err)
		}
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, imp := range f.Imports {
				path, err := strconv.Unquote(imp.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				first, _, _ := strings.Cut(path, "/")
				standard := !strings.Contains(first, ".") && first != "winnow"
				test := strings.HasSuffix(file, "_test.go") && path == "winnow/internal/golden"
				if !standard && !test && path != "winnow/pruning" {
					t.Errorf("%s imports %s: a method sees pruning and the standard library only", file, path)
				}
			}
		}
	}
}

// TestStacking: two methods of one layer are refused, others go together.
func TestStacking(t *testing.T) {
	model := pruning.Model{Layers: 32, Hidden: 4096, Heads: 32, KVHeads: 32, HeadDim: 128, FFN: 11008, Activation: "silu", Gated: true}
	stack := func(texts ...string) error {
		var specs []pruning.Spec
		for _, text := range texts {
			s, err := pruning.ParseSpec(text)
			if err != nil {
				t.Fatal(err)
			}
			specs = append(specs, s)
		}
		_, err := pruning.Stack(specs, model)
		return err
	}
	for _, texts := range [][]string{
		{"fastv,layer=2", "random,layer=2"},
		{"fastv", "corematching"},
		{"corematching", "corematching,layer=3"},
		{"corematching,mode=release", "corematching,mode=release,first=18,last=30"},
	} {
		if err := stack(texts...); err == nil || !strings.Contains(err.Error(), "remove one, or give it another layer") {
			t.Errorf("%v: error %v, want a refusal", texts, err)
		}
	}
	for _, texts := range [][]string{
		{"fastv,layer=2", "random,layer=3"},
		{"fastv", "corematching,tokens=false"},
		{"fastv", "corematching,mode=release"},
		{"fastv", "random,keep=1"},
		{"corematching", "corematching,mode=release,cached=mask"},
	} {
		if err := stack(texts...); err != nil {
			t.Errorf("%v: %v", texts, err)
		}
	}
}

// TestClaimsNameDecisions catches a misspelt kind, which would conflict with nothing.
func TestClaimsNameDecisions(t *testing.T) {
	kinds := map[string]bool{}
	for _, d := range []pruning.Decision{&pruning.Drop{}, &pruning.Skip{}, &pruning.Exclude{}, &pruning.Mask{}, &pruning.Zero{},
		&pruning.Evict{}, &pruning.Reweigh{}, &pruning.Merge{}, &pruning.Store{}, &pruning.Neurons{}, &pruning.Blocks{}, &pruning.EditLogits{}, &pruning.Step{}} {
		kinds[d.Kind()] = true
	}
	model := pruning.Model{Layers: 12, Hidden: 64, Heads: 4, KVHeads: 4, HeadDim: 16, FFN: 256, Activation: "silu", Gated: true}
	for _, info := range pruning.Infos() {
		for _, params := range []map[string]string{nil, {"mode": "release"}, {"mode": "release", "cached": "mask"}, {"kv": "mixed"}} {
			m, _, err := pruning.New(pruning.Spec{Name: info.Name, Params: params})
			if err != nil {
				continue // it has no such parameter
			}
			claims := m.Claims(model)
			if len(claims) == 0 {
				t.Errorf("%s %v claims nothing", info.Name, params)
			}
			for _, c := range claims {
				if !kinds[c.Kind] || c.Layer < 0 || c.Layer >= model.Layers {
					t.Errorf("%s claims %+v", info.Name, c)
				}
			}
		}
	}
}
