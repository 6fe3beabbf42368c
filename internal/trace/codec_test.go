package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// lines is the JSON lines of events, which unlike the events can be compared where NaN occurs.
func lines(t *testing.T, events []Event) string {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, e := range events {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryEventComesBack(t *testing.T) {
	events := append(append(append(append(sample(), points()...), drawn()...), acted()...), Failed{"no"}, Event(Unknown{"later", []byte(`{"type":"later","x":[1]}`)}))
	seen := map[string]bool{}
	for _, e := range events {
		seen[e.Type()] = true
		b, err := Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf(`{"type":%q`, e.Type()); !strings.HasPrefix(string(b), want) || bytes.ContainsRune(b, '\n') {
			t.Errorf("%s does not begin with %s on one line", b, want)
		}
		back, err := Unmarshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := e.(Decision); ok && len(d.Scores) > 0 && d.Scores[0] != d.Scores[0] {
			// NaN is unequal to itself.
			r := back.(Decision)
			for i := range d.Scores {
				if math.Float32bits(d.Scores[i]) != math.Float32bits(r.Scores[i]) && (d.Scores[i] == d.Scores[i] || r.Scores[i] == r.Scores[i]) {
					t.Errorf("score %d is %v, was %v", i, r.Scores[i], d.Scores[i])
				}
			}
			d.Scores, r.Scores = nil, nil
			e, back = d, r
		}
		if !reflect.DeepEqual(back, e) {
			t.Errorf("%#v came back as %#v", e, back)
		}
	}
	for name := range decoders {
		if !seen[name] {
			t.Errorf("no %s event was tried", name)
		}
	}
}

// TestComparisonsComeBack: a run of several sides, stored rows, masks and points of a sweep.
func TestComparisonsComeBack(t *testing.T) {
	events := append(stacked(), points()...)
	text := lines(t, events)
	back, err := Read(strings.NewReader(text))
	if err != nil || len(back) != len(events) {
		t.Fatalf("%d events, %v", len(back), err)
	}
	if lines(t, back) != text || describe(Fold(back)) != describe(Fold(events)) {
		t.Error("the trace came back changed")
	}
	s := Fold(back)
	if c := s.Sides[1].Choice(1); c.After[1].LogProb != math.Inf(-1) || s.Points[0].KL != math.Inf(1) {
		t.Errorf("infinite numbers came back as %v and %v", c.After[1].LogProb, s.Points[0].KL)
	}
}

func TestRowsNilAndEmptyDiffer(t *testing.T) {
	for _, rows := range [][]int{nil, {}} {
		b, err := Marshal(Layer{Rows: rows})
		if err != nil {
			t.Fatal(err)
		}
		e, err := Unmarshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.(Layer).Rows; (got == nil) != (rows == nil) || len(got) != 0 {
			t.Errorf("%#v came back as %#v", rows, got)
		}
	}
}

func TestNumbersThatJSONLacks(t *testing.T) {
	nan := math.NaN()
	b, err := Marshal(Decision{Threshold: &nan, Scores: Floats{float32(math.Inf(1)), 1}})
	if err != nil || !strings.Contains(string(b), `"scores":[null,1]`) || strings.Contains(string(b), "threshold") {
		t.Errorf("%s, %v", b, err)
	}
	if _, err := Marshal(Word{LogProb: math.Inf(-1)}); err == nil || !strings.Contains(err.Error(), "word") {
		t.Errorf("infinite log_prob: %v", err)
	}
}

func TestFloatsRefuseWhatIsNoList(t *testing.T) {
	for _, bad := range []string{`1`, `{"a":1}`, `["1"]`, `[true]`, `[[1]]`, `[1e99]`, `"x"`, `[NaN]`, `[inf]`, `[,1]`, `[1,]x`} {
		var f Floats
		if err := f.UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%s was read as %v", bad, f)
		}
	}
	var f Floats
	if err := f.UnmarshalJSON([]byte(" [ 1 , null,-2.5e1 ] ")); err != nil || len(f) != 3 || f[0] != 1 || f[1] == f[1] || f[2] != -25 {
		t.Errorf("%v, %v", f, err)
	}
}

func TestReadKeepsWhatCameBeforeTheDamage(t *testing.T) {
	whole := lines(t, sample())
	n := len(sample())

	events, err := Read(strings.NewReader(whole))
	if err != nil || lines(t, events) != whole {
		t.Fatalf("%d events, %v", len(events), err)
	}
	events, err = Read(strings.NewReader(strings.TrimSuffix(whole, "\n")))
	if err != nil || len(events) != n {
		t.Fatalf("without the last newline: %d events, %v", len(events), err)
	}
	var damaged *Damaged
	events, err = Read(strings.NewReader(whole[:len(whole)-5]))
	if len(events) != n-1 || !errors.As(err, &damaged) || !damaged.Cut || damaged.Line != n {
		t.Errorf("cut: %d events, %v", len(events), err)
	}
	all := strings.SplitAfter(whole, "\n")
	all[3] = "{broken}\n"
	events, err = Read(strings.NewReader(strings.Join(all, "")))
	if len(events) != 3 || !errors.As(err, &damaged) || damaged.Cut || damaged.Line != 4 {
		t.Errorf("broken line: %d events, %v", len(events), err)
	}
	all[3] = "\r\n" + `{"type":"hologram","depth":3}` + "\r\n"
	events, err = Read(strings.NewReader(strings.Join(all, "")))
	if err != nil || len(events) != n || events[3].Type() != "hologram" {
		t.Errorf("unknown event: %d events, %v", len(events), err)
	}
	s := Fold(append(events, events[3]))
	if len(s.Notices) != 2 || !strings.Contains(s.Notices[0], "hologram") {
		t.Errorf("notices %q", s.Notices)
	}
}

func TestReadRefusesSentences(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":       {"", ErrNotTrace},
		"blank":       {"\n\n", ErrNotTrace},
		"prose":       {"hello\n", ErrNotTrace},
		"other JSON":  {`{"type":"word"}` + "\n", ErrNotTrace},
		"list":        {"[1]\n", ErrNotTrace},
		"newer":       {`{"type":"started","schema":2}` + "\n", ErrNewer},
		"newer later": {`{"type":"started","schema":1}` + "\n" + `{"type":"started","schema":9}`, ErrNewer},
		"long line":   {strings.Repeat(" ", maxLine+1), ErrTooLarge},
	} {
		_, err := Read(strings.NewReader(c.text))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The total is bounded too; blank lines cost the test nothing.
	endless := io.MultiReader(strings.NewReader(`{"type":"started","schema":1}`+"\n"), newlines{})
	if events, err := Read(endless); !errors.Is(err, ErrTooLarge) || len(events) != 1 {
		t.Errorf("endless: %d events, %v", len(events), err)
	}
	if _, err := Read(io.MultiReader(strings.NewReader(`{"type"`), failing{})); !errors.Is(err, syscall.EIO) {
		t.Errorf("failing disk: %v", err)
	}
}

type newlines struct{}

func (newlines) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	p[len(p)-1] = '\n'
	return len(p), nil
}

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, syscall.EIO }
func (failing) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestFilesAreWrittenWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	if err := WriteFile(path, sample()); err != nil {
		t.Fatal(err)
	}
	events, err := Open(path)
	if err != nil || lines(t, events) != lines(t, sample()) {
		t.Fatalf("%d events, %v", len(events), err)
	}
	before, _ := os.ReadFile(path)
	err = Save(path, func(w io.Writer) error {
		w.Write([]byte("half"))
		_, err := failing{}.Write(nil)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "disk is full") || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full disk: %v", err)
	}
	if err := WriteFile(path, []Event{Started{}, Word{LogProb: math.NaN()}}); err == nil {
		t.Error("NaN was written")
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the old file was not left alone")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
	if err := WriteFile(filepath.Join(dir, "no", "run.jsonl"), sample()); err == nil || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("missing folder: %v", err)
	}
	if err := WriteFile(dir, sample()); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("folder: %v", err)
	}
	for _, p := range []string{dir, filepath.Join(dir, "none")} {
		if _, err := Open(p); err == nil {
			t.Errorf("%s was opened", p)
		}
	}
}

// TestFullDisk uses the device that is always full.
func TestFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full")
	}
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	w := NewWriter(f)
	for range 3000 {
		err = w.Write(Notice{strings.Repeat("x", 100)})
		if err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(sentence("a.jsonl", err).Error(), "the disk is full") {
		t.Errorf("%v", err)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, e := range sample() {
		if err := w.Write(e); err != nil {
			f.Fatal(err)
		}
	}
	w.Flush()
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:b.Len()/2])
	b.Reset()
	for _, e := range append(stacked(), points()...) {
		if err := w.Write(e); err != nil {
			f.Fatal(err)
		}
	}
	w.Flush()
	f.Add(b.Bytes())
	f.Add([]byte(`{"type":"started","schema":1,"request":{"compare":[{"methods":[{"name":"a"},{"name":"b"}]},{"methods":[{"name":"a + b","params":{"x":"1"}}]}],"sweep":{"method":-1}}}` + "\n" +
		`{"type":"decision","side":"pruned4","kind":"mask","phase":"decode","step":-9,"rows":[3,1],"share":[9,null],"also":[{"name":"x","values":[]}],"choices":{"after":[{"log_prob":null}]}}` + "\n" +
		`{"type":"decision","side":"pruned2","kind":"store","bits":-3,"phase":"decode","step":70000,"from":-9,"to":9999999,"rows":[0,99]}` + "\n" + `{"type":"word","side":"pruned2","kv_bytes":-1}` + "\n" + `{"type":"point","index":-1,"kl":null}`))
	f.Add([]byte(`{"type":"started","schema":1}` + "\n" + `{"type":"picture","rows":1048577,"cols":-3}`))
	f.Add([]byte(`{"type":"started"}` + "\n" + `{"type":"layer","side":"dense","layer":4095,"rows":[9,-1]}` + "\n" + `{"type":"decision","side":"dense","kind":"neurons","from":-5,"to":99999999999,"neurons":[-1,7]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, _ := Read(bytes.NewReader(data))
		for _, e := range events {
			m, err := Marshal(e)
			if err != nil {
				t.Fatalf("%#v was read but cannot be written: %v", e, err)
			}
			if _, err := Unmarshal(m); err != nil {
				t.Fatalf("%s cannot be read back: %v", m, err)
			}
		}
		queryAll(Fold(events))
	})
}

// queryAll asks a state everything that a view could, in and out of range.
func queryAll(s *State) {
	c := s.Snapshot()
	for _, s := range []*State{s, c} {
		rows, cols := s.Grid()
		at := [][2]int{{0, 0}, {-1, 0}, {rows, 0}, {0, cols}, {rows - 1, cols - 1}, {1 << 40, 1 << 40}}
		layers := []int{-1 << 40, -1, 0, 1, s.LayerCount(), 1 << 40}
		s.Visual(-1)
		s.Visual(1 << 40)
		s.VisualCount()
		for _, d := range append(s.all(), nil) {
			for _, l := range layers {
				d.AliveAt(-1, l)
				d.AliveAt(len(s.Tokens), l)
				d.KeptMask(l)
				d.ScoresAt(l)
				d.RankAt(l)
				d.Curve(l)
				d.BitsAt(l)
				d.KVStrip(l)
				d.Ratio(l)
				d.Cumulative(l)
				d.Matching(l)
				d.Also(l, SeriesSaliency)
				Jaccard(d, s.Dense, l)
				if s.LayerCount() > 64 && l < 0 {
					continue
				}
				steps := []int{-1 << 40, -1, 0, 1, d.Steps(), 1 << 40}
				if rows*cols > 4096 { // true too, but slow
					steps = steps[3:4]
				}
				for _, step := range steps {
					d.MaskedAt(l, step)
					d.KeptMaskAt(l, step)
					d.ScoresAtStep(l, step)
					d.CacheRows(l, step)
					d.CellInfoAt(0, 0, l, step)
					d.Step(step)
					d.Choice(step)
				}
			}
			if s.LayerCount() <= 8 {
				d.KeptCounts()
			}
			d.Neurons()
		}
		for _, p := range at {
			for _, l := range layers {
				s.CellInfo(p[0], p[1], l)
			}
		}
		Overlap(s.all(), 0)
		OverlapAt(s.all(), 0, 1)
		Compare(s)
		WritePoints(io.Discard, s)
		Savings(s)
		if s.Dense != nil && s.Pruned != nil {
			Diff(s.Dense.Words, s.Pruned.Words)
		}
	}
}
