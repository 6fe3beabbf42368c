package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"winnow/internal/paths"
)

func TestEveryEntryIsWhole(t *testing.T) {
	for _, m := range catalogue {
		for _, sum := range []string{m.WheelSHA256, m.FileSHA256} {
			if b, err := hex.DecodeString(sum); err != nil || len(b) != sha256.Size {
				t.Errorf("%s: %q is no SHA-256", m.Name, sum)
			}
		}
		if m.Title == "" || m.Licence == "" || m.Package == "" || m.Version == "" || m.Bytes <= 0 || m.WheelBytes <= 0 || filepath.Ext(m.Member) != ".gguf" {
			t.Errorf("%+v is incomplete", m)
		}
	}
}

func TestUnknownAndMissingModelsSayWhatToDo(t *testing.T) {
	cacheIn(t, t.TempDir())
	if _, err := Path("gpt"); err == nil || !strings.Contains(err.Error(), "choose smollm2-135m") {
		t.Errorf("unknown: got %v", err)
	}
	if err := Install(context.Background(), "gpt", nil); err == nil || !strings.Contains(err.Error(), "choose smollm2-135m") {
		t.Errorf("install of an unknown one: got %v", err)
	}
	if _, err := Path("smollm2-135m"); err == nil || !strings.Contains(err.Error(), "is not installed: run `winnow models install smollm2-135m`") {
		t.Errorf("missing: got %v", err)
	}
	list, err := List()
	if err != nil || len(list) != len(catalogue) || list[0].Installed {
		t.Errorf("list: got %+v, %v", list, err)
	}
	// Half a file is not an installed one.
	if err := os.MkdirAll(filepath.Dir(list[0].Path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list[0].Path, []byte("GGUF"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Path("smollm2-135m"); err == nil || !strings.Contains(err.Error(), "is damaged: it has 4 bytes, not 98362432: run") {
		t.Errorf("damaged: got %v", err)
	}
}

func TestAFileOfTheRightLengthIsFoundAndNotFetched(t *testing.T) {
	cacheIn(t, t.TempDir())
	t.Setenv("PATH", "")
	dir, err := paths.Models()
	if err != nil {
		t.Fatal(err)
	}
	m := catalogue[0]
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// A hole takes no room on the disk.
	f, err := os.Create(m.file(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(m.Bytes); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if file, err := Path(m.Name); err != nil || file != filepath.Join(dir, "SmolLM2-135M-Instruct.Q4_1.gguf") {
		t.Errorf("got %q, %v", file, err)
	}
	if err := Install(context.Background(), m.Name, nil); err != nil {
		t.Errorf("install: %v", err)
	}
	// Its content is looked at only after a fetch.
	if err := m.verify(m.file(dir)); err == nil || !strings.Contains(err.Error(), "has the hash") {
		t.Errorf("zeros passed as the model: %v", err)
	}
}

func TestNoPipIsASentence(t *testing.T) {
	cacheIn(t, t.TempDir())
	t.Setenv("PATH", t.TempDir())
	if err := Install(context.Background(), "smollm2-135m", nil); err == nil || !strings.Contains(err.Error(), "pip is not installed") {
		t.Errorf("got %v", err)
	}
}

// cacheIn moves the user's cache.
func cacheIn(t *testing.T, dir string) {
	t.Helper()
	switch runtime.GOOS {
	case "windows":
		t.Setenv("LocalAppData", dir)
	case "darwin":
		t.Setenv("HOME", dir)
	default:
		t.Setenv("XDG_CACHE_HOME", dir)
	}
}
