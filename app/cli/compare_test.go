package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"winnow/internal/trace"
)

func TestCompareAnswersOnceForEachStack(t *testing.T) {
	var d desk
	out, notes, code := d.run(t, "compare", "--image", photo(t), "--prompt", "What is it?", "--method", "fastv,keep=0.5", "--method", "fastv,keep=0.25+random,layer=1",
		"--force", "1,2=in", "--force", "0,3=out")
	if code != 0 {
		t.Fatalf("code %d, %s", code, notes)
	}
	has(t, "the output", out, "\ndense    A[31m cat sits\n", "\nfastv    A cat sleeps\n", "\nfastv + random\n         A cat sleeps\n",
		"fastv + random: differs from token 1 on: [A cat sleeps]\n", "First token", "measured", "60 ms", "30 ms *", "2.0× sooner", "counted", "50 % of dense",
		"(Jaccard, counted), mean over the layers", "fastv and fastv + random  1.00")
	want := trace.Request{Methods: []trace.Spec{{Name: "fastv", Params: map[string]string{"keep": "0.5"}}},
		Compare: []trace.Stack{{Methods: []trace.Spec{{Name: "fastv", Params: map[string]string{"keep": "0.25"}}, {Name: "random", Params: map[string]string{"layer": "1"}}}}},
		Force:   []trace.Forced{{Row: 1, Col: 2, Keep: true}, {Row: 0, Col: 3}}}
	r := d.engine.asked
	if !reflect.DeepEqual(r.Methods, want.Methods) || !reflect.DeepEqual(r.Compare, want.Compare) || !reflect.DeepEqual(r.Force, want.Force) {
		t.Errorf("-want %+v\n+got  %+v", want, r)
	}
}

func TestWordsThatDenseLacksStandInBrackets(t *testing.T) {
	words := func(texts ...string) *trace.Side {
		d := new(trace.Side)
		for _, x := range texts {
			d.Words = append(d.Words, trace.Word{Text: x})
		}
		return d
	}
	dense := words(" A", " black", " cat", " sits", ".")
	for want, d := range map[string]*trace.Side{
		"the same answer": words(" A", " black", " cat", " sits", "."),
		"differs from token 2 on: A [red] cat [sle eps].": words(" A", " red", " cat", " sle", " eps", "."),
		"differs from token 3 on: A black":                words(" A", " black"),
	} {
		if got := differences(dense, d); got != want {
			t.Errorf("-want %s\n+got  %s", want, got)
		}
	}
}

func TestComparePrintsExactlyOneJSON(t *testing.T) {
	var d desk
	out, _, code := d.run(t, "compare", "--image", photo(t), "--prompt", "x", "--method", "fastv", "--method", "random", "--json")
	var got struct {
		Sides []comparedJSON
		Dense *sideJSON
	}
	dec := json.NewDecoder(strings.NewReader(out))
	if err := dec.Decode(&got); err != nil || code != 0 || dec.More() {
		t.Fatalf("code %d, %v in %s", code, err, out)
	}
	if len(got.Sides) != 2 || got.Dense == nil {
		t.Fatalf("got %s", out)
	}
	s := got.Sides[1]
	if s.Side != "pruned2" || s.Label != "random" || len(s.Methods) != 1 || s.SameAnswer || s.FirstDifference == nil || *s.FirstDifference != 0 ||
		s.Result.Answer != "A cat sleeps" || s.Jaccard["pruned"] != 1 || len(s.Jaccard) != 1 {
		t.Errorf("got %+v", s)
	}
}

func TestCompareRefusesWrongCommandLines(t *testing.T) {
	p := photo(t)
	five := strings.Split(strings.Repeat("--method fastv ", 5), " ")[:10]
	for want, args := range map[string][]string{
		"missing flags: --method=":                                    nil,
		"--method was given 1 times; a comparison takes 2 to 4":       {"--method", "fastv"},
		"--method was given 5 times":                                  five,
		"--method none is the dense answer, which every comparison":   {"--method", "fastv", "--method", "none"},
		"--method none stands alone":                                  {"--method", "fastv+none", "--method", "fastv"},
		`there is no method "fastvv"`:                                 {"--method", "fastv", "--method", "random + fastvv"},
		`"" names no method`:                                          {"--method", "fastv+", "--method", "random"},
		`--force is "3;4=in"; write a cell and where it goes, as in `: {"--method", "fastv", "--method", "random", "--force", "3;4=in"},
		`--force is "3,4"; write`:                                     {"--method", "fastv", "--method", "random", "--force", "3,4"},
		`--force is "-1,4=in"; write`:                                 {"--method", "fastv", "--method", "random", "--force=-1,4=in"},
		"--layer is -1; layers count from 0":                          {"--method", "fastv", "--method", "random", "--layer=-1"},
	} {
		var d desk
		out, notes, code := d.run(t, append([]string{"compare", "--image", p, "--prompt", "x"}, args...)...)
		if code != 2 || out != "" || !strings.HasPrefix(notes, "winnow: "+want) || strings.Count(notes, "\n") != 1 {
			t.Errorf("%v: code %d, %q; want %q", args, code, notes, want)
		}
	}
}

func TestStacksAreSplitAtNamesOnly(t *testing.T) {
	for text, want := range map[string][]string{
		"fastv":                         {"fastv"},
		"corematching+zipvl,kv=mixed":   {"corematching", "zipvl,kv=mixed"},
		"corematching + zipvl,kv=mixed": {"corematching", "zipvl,kv=mixed"},
		"fastv,keep=1e+0+random":        {"fastv,keep=1e+0", "random"},
		"fastv+":                        {"fastv", ""},
	} {
		if got := splitStack(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s -want %q +got %q", text, want, got)
		}
	}
}

func TestOpenShowsAComparisonAndHowToRepeatIt(t *testing.T) {
	var d desk
	dir := t.TempDir()
	jsonl, png := filepath.Join(dir, "c.jsonl"), filepath.Join(dir, "c.png")
	picture := photo(t)
	args := []string{"compare", "--image", picture, "--prompt", "What's it?", "--method", "fastv,keep=0.5", "--method", "corematching+random,keep=0.3",
		"--force", "1,2=in", "--seed", "7"}
	if _, notes, code := d.run(t, append(args, "--trace", jsonl, "--figure", png)...); code != 0 {
		t.Fatal(notes)
	}
	asked := d.engine.asked
	for _, path := range []string{jsonl, png} {
		out, notes, code := d.run(t, "open", path)
		if code != 0 {
			t.Fatalf("open %s: %d, %s", path, code, notes)
		}
		has(t, path, out, "stack 1  fastv,keep=0.5\nstack 2  corematching+random,keep=0.3\nby hand  1,2=in\n", "[A cat sleeps]", "First token",
			"Visual tokens in layer 2, corematching + random: ■ kept (8), · gone (8)",
			"\nAgain: winnow compare --image "+picture+" --prompt 'What'\\''s it?' --method fastv,keep=0.5 --method corematching+random,keep=0.3 --force 1,2=in --seed 7\n")
	}
	// What stands there, read by a command line, asks for the same.
	again := strings.Fields(rerun(asked))
	if strings.Contains(picture, " ") {
		t.Skip("the folder of temporary files has a space in its name")
	}
	words := append(append(again[1:5:5], "What's it?"), again[7:]...) // the question is two words
	if _, notes, code := d.run(t, words...); code != 0 || !reflect.DeepEqual(d.engine.asked, asked) {
		t.Errorf("code %d, %s\n-want %+v\n+got  %+v", code, notes, asked, d.engine.asked)
	}
}

func TestRerunSaysAllThatARunDependsOn(t *testing.T) {
	one := []trace.Message{{Role: "user", Text: "a b"}}
	for want, r := range map[string]trace.Request{
		"winnow ask --image p.png --prompt 'a b' --method none": {PictureName: "p.png", Messages: one, Device: "auto"},
		"winnow ask --image p.png --prompt 'a b' --method none --force 0,1=out --model m.gguf --mmproj q.gguf --device cpu --threads 3 --temperature 0.5 --top-p 0.9 --max-tokens 9": {
			Picture: "p.png", Messages: one, Force: []trace.Forced{{Col: 1}}, Model: "m.gguf", Projector: "q.gguf", Device: "cpu", Threads: 3,
			Sampling: trace.Sampling{Temperature: 0.5, TopP: 0.9, MaxTokens: 9}},
		"winnow sweep --image p.png --prompt 'a b' --method fastv --param keep --values 0.1,0.2": {Picture: "p.png", Messages: one,
			Methods: []trace.Spec{{Name: "fastv"}}, Sweep: &trace.Sweep{Param: "keep", Values: []string{"0.1", "0.2"}}},
		"": {Messages: one},
	} {
		if got := rerun(r); got != want {
			t.Errorf("-want %s\n+got  %s", want, got)
		}
	}
	if got := rerun(trace.Request{Picture: "p.png", Messages: append(one, one...)}); got != "" {
		t.Errorf("a conversation cannot be repeated by %s", got)
	}
}

func TestSweepShowsPointsAndWritesThem(t *testing.T) {
	var d desk
	dir := t.TempDir()
	csv, png, jsonl := filepath.Join(dir, "p.csv"), filepath.Join(dir, "p.png"), filepath.Join(dir, "p.jsonl")
	out, notes, code := d.run(t, "sweep", "--image", photo(t), "--prompt", "What is it?", "--method", "fastv", "--from", "0.2", "--to", "0.4", "--points", "3",
		"--csv", csv, "--figure", png, "--trace", jsonl)
	if code != 0 {
		t.Fatal(notes)
	}
	has(t, "the output", out, "\ndense    A[31m cat sits\n", "  keep  KL (nats)     top-1  prefill FLOPs  KV cache  visual kept  first token", "   0.2     0.5000    75.0 %         50.0 %    25.0 %       66.7 %        30 ms",
		"   0.4     0.3000", "Agreement over 2 tokens of the dense answer")
	want := &trace.Sweep{Param: "keep", Values: []string{"0.2", "0.3", "0.4"}}
	if got := d.engine.asked.Sweep; !reflect.DeepEqual(got, want) {
		t.Errorf("-want %+v +got %+v", want, got)
	}
	if table, err := os.ReadFile(csv); err != nil || strings.Count(string(table), "\n") != 4 {
		t.Errorf("%v, the CSV is\n%s", err, table)
	}
	for _, path := range []string{png, jsonl} {
		out, _, code := d.run(t, "open", path)
		has(t, path, out, "   0.3     0.4000", "Again: winnow sweep --image ", "--method fastv --param keep --values 0.2,0.3,0.4\n")
		if code != 0 {
			t.Errorf("open: code %d", code)
		}
	}
	out, _, code = d.run(t, "sweep", "--image", photo(t), "--prompt", "x", "--method", "fastv", "--json")
	var j struct {
		Sweep  trace.Sweep
		Points []trace.Point
	}
	if err := json.Unmarshal([]byte(out), &j); err != nil || code != 0 || len(j.Points) != defaultPoints || j.Points[10].Value != "1" || j.Points[1].Value != "0.1" || j.Sweep.Param != "keep" {
		t.Errorf("code %d, %v, %s", code, err, out)
	}
}

func TestSweepFindsItsParameter(t *testing.T) {
	for _, c := range []struct {
		args []string
		want trace.Sweep
	}{
		{[]string{"--method", "fastv", "--param", "layer", "--to", "4", "--points", "9"}, trace.Sweep{Param: "layer", Values: []string{"1", "2", "3", "4"}}},
		{[]string{"--method", "corematching+fastv,layer=1", "--param", "keep", "--values", "0.1,1"}, trace.Sweep{Method: 1, Param: "keep", Values: []string{"0.1", "1"}}},
		{[]string{"--method", "corematching", "--param", "mode"}, trace.Sweep{Param: "mode", Values: []string{"paper", "release"}}},
		{[]string{"--method", "fastv", "--points", "1"}, trace.Sweep{Param: "keep", Values: []string{"0"}}},
		{[]string{"--method", "fastv,keep=0.3", "--values", "0.25"}, trace.Sweep{Param: "keep", Values: []string{"0.25"}}},
	} {
		var d desk
		_, notes, code := d.run(t, append([]string{"sweep", "--image", photo(t), "--prompt", "x"}, c.args...)...)
		if got := d.engine.asked.Sweep; code != 0 || !reflect.DeepEqual(got, &c.want) {
			t.Errorf("%v: code %d, %s\n-want %+v\n+got  %+v", c.args, code, notes, c.want, got)
		}
	}
	for want, args := range map[string][]string{
		"layer of fastv has no highest value; give --to":                       {"--method", "fastv", "--param", "layer"},
		`fastv has no parameter "tau"; ` + "`winnow methods fastv` lists them": {"--method", "fastv", "--param", "tau"},
		"--method none has nothing to sweep":                                   {"--method", "none"},
		`keep of fastv is "2"; it takes a number from 0 to 1`:                  {"--method", "fastv", "--to", "2", "--points", "2"},
		`keep of fastv is "x"; it takes`:                                       {"--method", "fastv", "--values", "x"},
		"--values are the points themselves":                                   {"--method", "fastv", "--values", "1", "--from", "0"},
		"--points is 0; it takes a number from 1 to 1000":                      {"--method", "fastv", "--points=0"},
		"mode of corematching has no range; give its values with --values":     {"--method", "corematching", "--param", "mode", "--from", "0"},
	} {
		var d desk
		out, notes, code := d.run(t, append([]string{"sweep", "--image", photo(t), "--prompt", "x"}, args...)...)
		if code != 2 || out != "" || !strings.HasPrefix(notes, "winnow: "+want) || strings.Count(notes, "\n") != 1 {
			t.Errorf("%v: code %d, %q; want %q", args, code, notes, want)
		}
	}
}

func TestACancelledSweepKeepsItsPoints(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	d := desk{engine: fakeEngine{halfway: cancel}, ctx: ctx}
	csv := filepath.Join(t.TempDir(), "p.csv")
	out, notes, code := d.run(t, "sweep", "--image", photo(t), "--prompt", "x", "--method", "fastv", "--csv", csv)
	if code != 130 || !strings.HasSuffix(notes, "winnow: cancelled\n") {
		t.Errorf("code %d, %q", code, notes)
	}
	has(t, "the output", out, "6 of 11 values were computed.")
	if table, err := os.ReadFile(csv); err != nil || strings.Count(string(table), "\n") != 7 {
		t.Errorf("%v, the CSV is\n%s", err, table)
	}
}

func TestMethodsMarkTheirBudget(t *testing.T) {
	var d desk
	out, _, _ := d.run(t, "methods", "fastv")
	has(t, "methods", out, "  budget   keep: the parameter that winnow sweep moves")
	out, _, _ = d.run(t, "methods", "fastv", "--json")
	has(t, "methods --json", out, `"budget": "keep"`)
}
