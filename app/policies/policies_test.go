package policies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/compute/ref"
)

func TestBuiltInPoliciesOpen(t *testing.T) {
	if len(BuiltIns()) == 0 {
		t.Fatal("no policy is inside the program")
	}
	for _, name := range append([]string{""}, names()...) {
		found, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		b := ref.New(1)
		p, err := found.Open(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, suite := range []string{"metaworld", "table"} {
			if _, ok := p.Statistics[suite]; !ok {
				t.Errorf("%s has no statistics of %s", found.BuiltIn, suite)
			}
		}
		if p.Tokenizer == nil {
			t.Errorf("%s has no tokenizer", found.BuiltIn)
		}
		p.Close()
		b.Close()
	}
}

func names() (out []string) {
	for _, p := range BuiltIns() {
		out = append(out, p.Name)
	}
	return out
}

func TestWhatIsNoPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"robot-cogvIa":                "choose expert, " + names()[0],
		filepath.Join(file, "gone"):   "cannot be read",
		file:                          "is a file",
		filepath.Join(".", "no", "p"): "there is no folder",
	} {
		if _, err := Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	p, err := Find(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := ref.New(1)
	defer b.Close()
	if _, err := p.Open(b); err == nil || !strings.Contains(err.Error(), "config") {
		t.Errorf("an empty folder: %v", err)
	}
}
