package cli

import (
	"encoding/csv"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/compute/device"
)

func TestEvalMistakesAreSentences(t *testing.T) {
	for _, c := range []struct{ args, sentence string }{
		{"--n 0", "--n is 0; it takes a number of scenes"},
		{"--mmproj x.gguf", "--mmproj belongs to a model's file"},
		{"--photos dir --broken", "leave one or the other out"},
		{"--no-random", "none is given"},
		{"--side 300", "a multiple of 14"},
		{"--photos dir --side 336", "leave one out"},
		{"--method nosuch", "nosuch"},
		{"--method none", "leave it out"},
		{"--style cubist", "choose from "},
		{"--device abacus", "winnow devices"},
		{"--photos no-such-folder", "annotations.json cannot be read"},
		{"--sprites no-such-folder", "no-such-folder cannot be read"},
	} {
		var d desk
		out, notes, code := d.run(t, append([]string{"eval"}, strings.Fields(c.args)...)...)
		if code == codeDone || out != "" || !strings.HasPrefix(notes, "winnow: ") || !strings.Contains(notes, c.sentence) {
			t.Errorf("%s: code %d, %q", c.args, code, notes)
		}
	}
}

func TestEvalOnTheBuiltInModel(t *testing.T) {
	b, _, err := device.Open("cpu", 1)
	if err != nil {
		t.Skip(err)
	}
	b.Close()
	dir := t.TempDir()
	table, figure, log := filepath.Join(dir, "a.csv"), filepath.Join(dir, "f.png"), filepath.Join(dir, "done.jsonl")
	args := []string{"eval", "--n", "3", "--seed", "2", "--device", "cpu", "--threads", "1", "--method", "fastv,layer=1,keep=0.1", "--resume", log}
	out, notes, code := real(t, append(args, "--json", "--csv", table, "--figure", figure)...)
	var got struct {
		N, Questions int
		Dense        map[string]any
		Methods      []map[string]any
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || got.N != 3 || len(got.Methods) != 1 {
		t.Fatalf("code %d, %v, %s\n%s", code, err, notes, out)
	}
	m := got.Methods[0]
	if m["name"] != "fastv,keep=0.1,layer=1" || !(m["kept"].(float64) < 0.3) || got.Dense["kept"] != 1.0 || m["random"].(map[string]any)["kept"] != m["kept"] {
		t.Errorf("got %v", m)
	}
	f, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 1+3*got.Questions {
		t.Errorf("%d rows for %d questions and 3 sides: %v", len(rows), got.Questions, err)
	}
	p, err := os.Open(figure)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if img, err := png.Decode(p); err != nil || img.Bounds().Dx() != 1600 {
		t.Errorf("the figure: %v", err)
	}
	out, notes, code = real(t, args...) // from the finished scenes
	has(t, "the table", out, "3 scenes", "measured", "counted", "fastv,keep=0.1,layer=1", "random, same budget", "CHAIR_i", "over random", "of the visual tokens")
	if code != 0 {
		t.Errorf("code %d, %s", code, notes)
	}
}
