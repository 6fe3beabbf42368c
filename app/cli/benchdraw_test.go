package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

// The judge is real: it sees nothing in grey pictures, but that it is asked counts.
func TestBenchDrawPrintsTheJSONOfTheIssue(t *testing.T) {
	var f fakeDrawer
	out, notes, code := draws(t, t.Context(), &f, "bench", "draw", "--model", "m", "--n", "2", "--solver", "ddim,unipc", "--fewer", "--seed", "5", "--json")
	var got struct {
		Runs    int `json:"runs"`
		Solvers []struct {
			Name          string   `json:"name"`
			Speedup       float64  `json:"speedup"`
			NFERatio      float64  `json:"nfe_ratio"`
			PSNR          float64  `json:"psnr"`
			SSIM          float64  `json:"ssim"`
			CaptionDense  *float64 `json:"caption_dense"`
			CaptionPruned *float64 `json:"caption_pruned"`
		} `json:"solvers"`
	}
	dec := json.NewDecoder(strings.NewReader(out))
	if err := dec.Decode(&got); err != nil || code != 0 || dec.More() {
		t.Fatalf("code %d, %v, %s\n%s", code, err, notes, out)
	}
	if got.Runs != 2 || len(got.Solvers) != 2 || got.Solvers[0].Name != "ddim" || got.Solvers[1].Name != "unipc" {
		t.Fatalf("got %+v", got)
	}
	for _, s := range got.Solvers {
		if s.Speedup != 2 || s.NFERatio != 2 || s.PSNR != 28.13 || s.SSIM != 0.99 || s.CaptionDense == nil || s.CaptionPruned == nil {
			t.Errorf("got %+v", s)
		}
	}
	if f.asked.Draw.Seed != 6 || f.asked.Draw.Steps != 2 || !f.closed { // the last is dense with the evaluations of sada
		t.Errorf("the last request is %+v", f.asked.Draw)
	}
}

func TestBenchDrawChecksItsFlagsFirst(t *testing.T) {
	for want, args := range map[string][]string{
		"--n is 0; it takes a number of prompts":   {"--n=0"},
		"--steps is 0; it takes":                   {"--steps=0"},
		"--guidance is 0; it takes":                {"--guidance=0"},
		`there is no solver "x"; choose from flow`: {"--solver", "ddim,x"},
		"fastv is no method for drawing":           {"--method", "fastv"},
		"--method none is the dense picture":       {"--method", "none"},
		"--threads is -1":                          {"--threads=-1"},
	} {
		var f fakeDrawer
		if out, notes, code := draws(t, t.Context(), &f, append([]string{"bench", "draw"}, args...)...); code != 2 || out != "" || !strings.HasPrefix(notes, "winnow: "+want) {
			t.Errorf("%v: code %d, %q; want %q", args, code, notes, want)
		}
	}
	for _, verb := range [][]string{{"draw"}, {"bench", "draw"}} {
		var f fakeDrawer
		help, _, code := draws(t, t.Context(), &f, append(verb, "--help")...)
		has(t, "--help", help, "Usage: winnow "+strings.Join(verb, " "), "Examples:", "--method")
		if code != 0 {
			t.Errorf("code %d", code)
		}
	}
}
