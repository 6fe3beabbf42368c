package samples

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

func TestScenesAreWhole(t *testing.T) {
	scenes := Scenes()
	if len(scenes) != 12 {
		t.Fatalf("%d scenes, want 12", len(scenes))
	}
	total := 0
	for _, s := range scenes {
		total += len(s.Data)
		img, err := png.Decode(bytes.NewReader(s.Data))
		if err != nil {
			t.Errorf("%s: %v", s.File, err)
			continue
		}
		if b := img.Bounds(); b.Dx() != 448 || b.Dy() != 448 {
			t.Errorf("%s is %v", s.File, b)
		}
		if s.Caption == "" || len(s.Questions) == 0 {
			t.Errorf("%s has no caption or no questions", s.File)
		}
		for _, q := range s.Questions {
			if !strings.HasSuffix(q.Question, "?") || !strings.HasSuffix(q.Answer, ".") {
				t.Errorf("%s: %q, %q", s.File, q.Question, q.Answer)
			}
		}
	}
	if total > 1.5e6 {
		t.Errorf("the scenes take %d bytes; the program carries at most 1.5 MB of them", total)
	}
}

func TestSceneIsFoundByItsHash(t *testing.T) {
	for _, s := range Scenes() {
		if got := BySHA256(s.SHA256); got == nil || got.File != s.File {
			t.Errorf("%s is not found", s.File)
		}
	}
	if BySHA256("") != nil {
		t.Error("an empty hash finds a scene")
	}
}
