package golden

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each runs a subtest for each case of a system whose file name about accepts; nil accepts all. A
// place without any case is an error.
func Each[Case any](t *testing.T, system string, about func(file string) bool, run func(*testing.T, Case)) {
	t.Helper()
	var files []string
	add := func(pattern string) {
		found, err := filepath.Glob(pattern)
		n := len(files)
		for _, f := range found {
			if about == nil || about(filepath.Base(f)) {
				files = append(files, f)
			}
		}
		if err != nil || len(files) == n {
			t.Errorf("%s holds no case (%v)", pattern, err)
		}
	}
	add(filepath.Join("testdata", "*.json"))
	if dir := os.Getenv("WINNOW_GOLDEN"); dir != "" {
		add(filepath.Join(dir, system, "*.json"))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var c Case
			if err := json.Unmarshal(text, &c); err != nil {
				t.Fatal(err)
			}
			run(t, c)
		})
	}
}

// HF lists the cases of a checkpoint folder by name; a further one replaces its namesake.
func HF(t *testing.T, folder string) map[string]string {
	t.Helper()
	cases, roots := map[string]string{}, []string{"testdata"}
	if root := os.Getenv("WINNOW_GOLDEN_HF"); root != "" {
		roots = append(roots, root, filepath.Join(root, "diffusion", "models"))
	}
	for _, root := range roots {
		found, _ := filepath.Glob(filepath.Join(root, folder, "cases", "*.safetensors"))
		for _, path := range found {
			cases[strings.TrimSuffix(filepath.Base(path), ".safetensors")] = path
		}
	}
	if len(cases) == 0 {
		t.Fatalf("there is no case of %s", folder)
	}
	return cases
}
