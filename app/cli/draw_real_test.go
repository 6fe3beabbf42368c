package cli

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// tinyDrawer is untrained, as assets/train-draw exports it.
const tinyDrawer = "../engine/testdata/draw-tiny"

func TestRealDrawingAndItsExports(t *testing.T) {
	dir := t.TempDir()
	png, jsonl := filepath.Join(dir, "p.png"), filepath.Join(dir, "t.jsonl")
	args := []string{"draw", "--model", tinyDrawer, "--device", "ref", "--prompt", "a red apple", "--steps", "20", "--solver", "flow-euler", "--method", "sada", "--out", png}
	out, notes, code := real(t, append(args, "--json", "--trace", jsonl, "--out-diff", filepath.Join(dir, "x.png"))...)
	var j drawJSON
	if err := json.Unmarshal([]byte(out), &j); err != nil || code != 0 || j.Dense == nil || j.Pruned == nil {
		t.Fatalf("code %d, %v, %s\n%s", code, err, notes, out)
	}
	if j.Dense.NFE != 20 || j.Pruned.NFE >= 20 || j.Pruned.FLOPs >= j.Dense.FLOPs || j.PSNR == nil || j.SSIM == nil || len(j.Pruned.Steps) != 20 || j.Tokens != 64 {
		t.Errorf("dense %+v, pruned %+v", j.Dense, j.Pruned)
	}
	looked := 0
	for _, s := range j.Pruned.Steps {
		if s.Criterion != nil {
			looked++
		}
	}
	if looked == 0 {
		t.Error("no step has a criterion")
	}
	for _, path := range []string{png, jsonl} {
		out, notes, code := real(t, "open", path)
		has(t, path, out, "prompt   a red apple\n", "method   sada\n", "32 × 32 pixels, 8 × 8 tokens, 20 steps of flow-euler", "Again: winnow draw --prompt 'a red apple' --model "+tinyDrawer)
		if code != 0 {
			t.Errorf("code %d, %s", code, notes)
		}
	}
	// The built-in model is the default.
	z := filepath.Join(dir, "z.png")
	small := []string{"draw", "--prompt", "a cat", "--device", "ref", "--steps", "2", "--size", "16", "--out", z}
	if out, notes, code := real(t, small...); code != 0 || !isFile(z) {
		t.Errorf("without a model: code %d, %s", code, notes)
	} else {
		has(t, "the drawing", out, "16 × 16 pixels, 4 × 4 tokens, 2 steps")
	}
	if _, notes, code := real(t, append(small, "--model", "gone")...); code != 1 {
		t.Errorf("a model that is not there: code %d, %s", code, notes)
	} else {
		has(t, "the error", notes, `there is no model "gone" that draws, and no such folder; choose `)
	}
}
