package trace

import (
	"bytes"
	"compress/zlib"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func drawing(t testing.TB) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 9, 7))
	img.Set(3, 4, color.RGBA{200, 100, 50, 255})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func embedded(t testing.TB) []byte {
	t.Helper()
	b, err := EmbedPNG(drawing(t), sample())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFigureCarriesItsTrace(t *testing.T) {
	b := embedded(t)
	events, err := ExtractPNG(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if lines(t, events) != lines(t, sample()) || describe(Fold(events)) != describe(Fold(sample())) {
		t.Error("the trace came back changed")
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, _ := img.At(3, 4).RGBA(); r>>8 != 200 {
		t.Error("the picture changed")
	}
	again, err := EmbedPNG(b, sample()[:3])
	if err != nil {
		t.Fatal(err)
	}
	if events, err := ExtractPNG(bytes.NewReader(again)); err != nil || len(events) != 3 {
		t.Errorf("a second trace does not replace the first: %d events, %v", len(events), err)
	}
	path := filepath.Join(t.TempDir(), "figure.jsonl") // the content decides
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if events, err := Open(path); err != nil || len(events) != len(sample()) {
		t.Errorf("open: %d events, %v", len(events), err)
	}
}

func TestForeignAndDamagedPNG(t *testing.T) {
	if _, err := ExtractPNG(bytes.NewReader(drawing(t))); !errors.Is(err, ErrNoTrace) {
		t.Errorf("foreign: %v", err)
	}
	b := embedded(t)
	for n := range len(b) - 12 { // the last chunk is the empty IEND
		events, err := ExtractPNG(bytes.NewReader(b[:n]))
		if err == nil && len(events) != len(sample()) {
			t.Fatalf("cut at %d: no error", n)
		}
	}
	at := bytes.Index(b, []byte(pngKeyword)) + 40
	b[at] ^= 1
	if _, err := ExtractPNG(bytes.NewReader(b)); !errors.Is(err, errPNG) || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("flipped bit: %v", err)
	}
	if _, err := EmbedPNG([]byte("GIF89a"), sample()); !errors.Is(err, errPNG) {
		t.Errorf("not a PNG: %v", err)
	}
	if _, err := EmbedPNG(drawing(t)[:40], sample()); !errors.Is(err, errPNG) {
		t.Errorf("cut PNG: %v", err)
	}
}

func chunked(data []byte) []byte {
	var b bytes.Buffer
	b.Write(pngSignature)
	writeChunk(&b, "iTXt", data)
	writeChunk(&b, "IEND", nil)
	return b.Bytes()
}

func TestPackingVariants(t *testing.T) {
	plain := `{"type":"started","schema":1}` + "\n"
	if events, err := ExtractPNG(bytes.NewReader(chunked([]byte(pngKeyword + "\x00\x00\x00en\x00trace\x00" + plain)))); err != nil || len(events) != 1 {
		t.Errorf("uncompressed: %v, %v", events, err)
	}
	for name, tail := range map[string]string{
		"no flags": "", "unknown method": "\x01\x07\x00\x00", "no text": "\x01\x00en", "no zlib": "\x01\x00\x00\x00abc", "not a trace": "\x00\x00\x00\x00abc",
	} {
		if _, err := ExtractPNG(bytes.NewReader(chunked([]byte(pngKeyword + "\x00" + tail)))); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// TestBombIsBounded: a megabyte that unpacks to a gigabyte is refused, not unpacked.
func TestBombIsBounded(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(pngKeyword + "\x00\x01\x00\x00\x00")
	z := zlib.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range 80 {
		z.Write(zeros)
	}
	z.Close()
	if _, err := ExtractPNG(bytes.NewReader(chunked(b.Bytes()))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

func FuzzExtractPNG(f *testing.F) {
	f.Add(embedded(f))
	f.Add(drawing(f))
	f.Add(chunked([]byte(pngKeyword + "\x00\x00\x00\x00\x00{}")))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := ExtractPNG(bytes.NewReader(data))
		if err == nil && len(events) == 0 {
			t.Fatal("neither events nor an error")
		}
		// The chunk's content behind a right checksum.
		ExtractPNG(bytes.NewReader(chunked(append([]byte(pngKeyword+"\x00"), data...))))
	})
}

// answering is a trace of a method that masks tokens in every head of every layer at each of
// n steps, with the scores of 300 rows and two series behind each decision.
func answering(layers, n int) []Event {
	events := stacked()[:11]
	r := rand.New(rand.NewPCG(1, 2))
	numbers := func(rows int) Floats {
		f := make(Floats, rows)
		for i := range f {
			f[i] = float32(r.NormFloat64())
		}
		return f
	}
	side := SideName(1)
	for step := 1; step < n; step++ {
		rows := 300 + step
		for l := range layers {
			masked := r.Perm(rows)[:30]
			slices.Sort(masked)
			events = append(events, Decision{Side: side, Method: "vasparse", Kind: "mask", Phase: "decode", At: "in attention", Layer: l, From: l, To: l, Step: step,
				Rows: masked, Share: numbers(30), Scores: numbers(rows), Rule: "the best 270 of 300 stay in each head",
				Also: []Series{{Name: SeriesSaliency, Values: numbers(rows)}, {Name: SeriesSink, Values: numbers(rows)}}})
		}
		events = append(events, Word{Side: side, Step: step, Text: " word"})
	}
	return events
}

// TestAnsweringTracesStaySmall: six layers and thirty words with every number that a view shows.
// The numbers are random here, which packs worse than any model's.
func TestAnsweringTracesStaySmall(t *testing.T) {
	events := answering(6, 30)
	b, err := EmbedPNG(drawing(t), events)
	if err != nil {
		t.Fatal(err)
	}
	text := len(lines(t, events))
	t.Logf("%d kB as lines, %d kB in the figure", text/1000, len(b)/1000)
	if len(b) > 500_000 || len(b) > text*4/10 {
		t.Errorf("the trace takes %d bytes in a figure, %d as lines", len(b), text)
	}
	read, _ := Read(strings.NewReader(lines(t, events)))
	back, err := ExtractPNG(bytes.NewReader(b))
	if err != nil || describe(Fold(back)) != describe(Fold(read)) {
		t.Errorf("the trace came back changed, %v", err)
	}
}
