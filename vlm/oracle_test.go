package vlm

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	builtin "winnow/assets/models"
	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/libllama"
	"winnow/internal/models"
	"winnow/internal/native"
	"winnow/internal/trace"
	"winnow/pruning"
)

// The oracle tests compare with libllama, which nobody here wrote, on the same GGUF file: the
// same tokens and image embeddings in, the logits of every position out.

// minCosine is how alike two rows of logits must be. Keys and values in halves are rounded on both
// sides, but summed in another order: a row whose attention hangs on large scores feels that.
var minCosine = map[compute.Type]float64{compute.F32: 0.9999, compute.F16: 0.998}

// openOracle opens a file with libllama.
func openOracle(t *testing.T, path string) *libllama.Model {
	t.Helper()
	libs, err := native.Find("cpu")
	if err != nil {
		t.Skip(err)
	}
	l, err := libllama.Load(libs)
	if err != nil {
		t.Fatal(err)
	}
	m, err := l.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func oracleContext(t *testing.T, m *libllama.Model, length int, kv compute.Type) *libllama.Context {
	t.Helper()
	flash := libllama.FlashOn
	if kv == compute.F32 { // fused, libllama narrows F32 entries to F16
		flash = libllama.FlashOff
	}
	c, err := m.NewContext(libllama.Options{Context: length, Threads: device.Threads(), KV: kv, Flash: flash})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// oracleLogits feeds a prompt to libllama, runs of tokens and of image embeddings by turns.
func oracleLogits(t *testing.T, m *Model, o *libllama.Model, p *Prompt, kv compute.Type) [][]float32 {
	t.Helper()
	c := oracleContext(t, o, len(p.Tokens), kv)
	return feed(t, m, c, p, true)
}

// feed gives a prompt to libllama, and the logits of every row or of the last.
func feed(t *testing.T, m *Model, c *libllama.Context, p *Prompt, every bool) [][]float32 {
	t.Helper()
	var out [][]float32
	for from := 0; from < len(p.Tokens); {
		to := from + 1
		for to < len(p.Tokens) && (p.Tokens[to].Kind == pruning.Visual) == (p.Tokens[from].Kind == pruning.Visual) {
			to++
		}
		b := libllama.Batch{Every: every, None: !every && to < len(p.Tokens)}
		if p.Tokens[from].Kind == pruning.Visual {
			x, err := m.embed(p, p.Tokens[from:to])
			if err != nil {
				t.Fatal(err)
			}
			b.Embeddings = x
		} else {
			for _, token := range p.Tokens[from:to] {
				b.Tokens = append(b.Tokens, token.ID)
			}
		}
		if err := c.Decode(b); err != nil {
			t.Fatal(err)
		}
		for i := range to - from {
			if b.None || !every && i < to-from-1 {
				continue
			}
			row, err := c.Logits(i)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, slices.Clone(row))
		}
		from = to
	}
	return out
}

// everyLogits computes a prompt in one segment with the logits of all its rows.
func everyLogits(t *testing.T, m *Model, p *Prompt, kv compute.Type) [][]float32 {
	t.Helper()
	s := m.NewSession(kv)
	defer s.Close()
	n, width := len(p.Tokens), m.Decoder.Config.Vocabulary
	flat := lastLogits(t, m, s, p, n)
	out := make([][]float32, n)
	for i := range out {
		out[i] = flat[i*width : (i+1)*width]
	}
	return out
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

func best(logits []float32) int {
	top := 0
	for i, v := range logits {
		if v > logits[top] {
			top = i
		}
	}
	return top
}

// sameLogits compares all positions and reports the least alike.
func sameLogits(t *testing.T, kv compute.Type, ours, theirs [][]float32) {
	t.Helper()
	if len(ours) != len(theirs) {
		t.Fatalf("%d positions here, %d in libllama", len(ours), len(theirs))
	}
	worst, at, agree := 2.0, 0, 0
	for i := range ours {
		c := cosine(ours[i], theirs[i])
		if !(c >= worst) {
			worst, at = c, i
		}
		if best(ours[i]) == best(theirs[i]) {
			agree++
		}
	}
	t.Logf("%v keys and values, %d positions: cosine at least %.7f (position %d), best token the same at %d", kv, len(ours), worst, at, agree)
	if want := minCosine[kv]; !(worst >= want) {
		t.Errorf("%v: logits at position %d have cosine %.7f with libllama's, want %g", kv, at, worst, want)
	}
}

// sameGreedy decodes steps tokens on both sides, each from its own choices.
func sameGreedy(t *testing.T, m *Model, o *libllama.Model, p *Prompt, kv compute.Type, steps int) {
	t.Helper()
	c := oracleContext(t, o, len(p.Tokens)+steps, kv)
	last := feed(t, m, c, p, false)[0]
	s := m.NewSession(kv)
	defer s.Close()
	if err := s.Prefill(context.Background(), p, nil, 0, trace.Dense, nothing); err != nil {
		t.Fatal(err)
	}
	var ours, theirs []int
	for range steps {
		ours, theirs = append(ours, best(s.Logits())), append(theirs, best(last))
		// Beyond its end a model says what it was never taught: halves round that either way.
		if kv == compute.F16 && theirs[len(theirs)-1] == m.Tokens.EOS() {
			break
		}
		if err := s.Step(context.Background(), ours[len(ours)-1]); err != nil {
			t.Fatal(err)
		}
		if err := c.Decode(libllama.Batch{Tokens: theirs[len(theirs)-1:]}); err != nil {
			t.Fatal(err)
		}
		var err error
		if last, err = c.Logits(0); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("greedy: %q", m.Tokens.Decode(ours))
	if !slices.Equal(ours, theirs) {
		t.Errorf("greedy text over %d tokens:\n-want %q\n+got  %q", len(ours), m.Tokens.Decode(theirs), m.Tokens.Decode(ours))
	}
}

// compare runs all comparisons on a prompt.
func compare(t *testing.T, m *Model, o *libllama.Model, p *Prompt, steps int) {
	t.Helper()
	for _, kv := range []compute.Type{compute.F32, compute.F16} {
		sameLogits(t, kv, everyLogits(t, m, p, kv), oracleLogits(t, m, o, p, kv))
		sameGreedy(t, m, o, p, kv, steps)
	}
}

// somewhatLong is a text of more than 64 tokens with digits, marks and other scripts.
const somewhatLong = `Water boils at 100 °C (212 °F) at sea level; on Mount Everest, 8,849 m above it, at 71 °C.
"Why?", asked Zoë. Because the air's pressure falls: p = p₀·exp(−h/8400) — 日本語では「沸点」といいます.
def boil(h):
    return 100 - h / 300  # a rule of thumb

It's the reason why pasta takes longer in the mountains, and why some people don't bother.`

func TestSmolLM2AgreesWithLibllama(t *testing.T) {
	path, err := models.Path("smollm2-135m")
	if err != nil {
		t.Skip(err) // the sentence names winnow models install smollm2-135m
	}
	o := openOracle(t, path)
	m := openOn(t, "cpu", path)
	texts := []string{"", "a", " a", "  two  spaces ", "tab\there\n\n\nlines\r\n", somewhatLong, "1234567890 3.14159", "l'été où ça chauffe",
		"Привет, мир! Γειά σου Κόσμε, שלום עולם, नमस्ते", "👩‍👩‍👧‍👦 🇩🇪 ½ ﬁ ① e\u0301 \u200b \u00a0", "<|im_start|>user\nHi<|im_end|>\n", "snake_case CamelCase __init__ !=="}
	for _, text := range texts {
		want, err := o.Tokenize(text, true, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Tokens.Encode(text, true); !slices.Equal(got, want) {
			t.Errorf("tokens of %q: -want %v +got %v", text, want, got)
		}
	}
	long := &Prompt{}
	for _, id := range m.Tokens.Encode(somewhatLong, true) {
		long.add(pruning.Token{Kind: pruning.Text, ID: id})
	}
	if len(long.Tokens) < 64 {
		t.Fatalf("the text has only %d tokens", len(long.Tokens))
	}
	for _, kv := range []compute.Type{compute.F32, compute.F16} {
		sameLogits(t, kv, everyLogits(t, m, long, kv), oracleLogits(t, m, o, long, kv))
	}
	chat, err := m.Prompt([]trace.Message{{Role: "user", Text: "Why does water boil at a lower temperature in the mountains?"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, m, o, chat, 64)
}

func TestBuiltInAgreesWithLibllama(t *testing.T) {
	in, _ := builtin.Find("llava-sprites")
	path := filepath.Join(t.TempDir(), in.DecoderName)
	if err := os.WriteFile(path, in.Decoder, 0o600); err != nil {
		t.Fatal(err)
	}
	o := openOracle(t, path)
	m := openBuiltIn(t)
	for _, text := range []string{"", "Is there a sheep?", "USER: <image>\nWhat is left of the red ball? ASSISTANT:", "Zoë's 12 cats,  é", "\n\n"} {
		want, err := o.Tokenize(text, true, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Tokens.Encode(text, true); !slices.Equal(got, want) {
			t.Errorf("tokens of %q: -want %v +got %v", text, want, got)
		}
	}
	compare(t, m, o, samplePrompt(t, m, "Is there a sheep?"), 32)
	compare(t, m, o, samplePrompt(t, m, "Describe the picture."), 64)
}

// The float32 conversion leaves no room for the kernels' rounding of activations.
func TestBuiltInInF32AgreesWithLibllama(t *testing.T) {
	m := openF32(t, "cpu")
	o := openOracle(t, filepath.Join(f32Dir, "llava-sprites-f32.gguf"))
	compare(t, m, o, samplePrompt(t, m, "What is in the picture?"), 64)
}
