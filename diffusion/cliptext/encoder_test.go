package cliptext

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
)

func load(t *testing.T, be compute.Backend, storage tensors.Storage) *Encoder {
	t.Helper()
	e, err := Load("testdata/clip-text-l", be, storage)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func encode(t *testing.T, e *Encoder, ids ...[]int) []Encoding {
	t.Helper()
	out, err := e.Encode(context.Background(), ids, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTokensSeeOnlyWhatIsBefore: a changed token leaves the rows before it alone, bit for bit.
func TestTokensSeeOnlyWhatIsBefore(t *testing.T) {
	computetest.OnEach(t, func(t *testing.T, be compute.Backend) {
		e := load(t, be, tensors.AsStored)
		out := encode(t, e, []int{298, 5, 6, 7, 299}, []int{298, 5, 6, 8, 299})
		w := e.Config.Width
		if !slices.Equal(out[0].Last[:3*w], out[1].Last[:3*w]) {
			t.Error("a later token changes earlier rows")
		}
		if slices.Equal(out[0].Last[4*w:], out[1].Last[4*w:]) {
			t.Error("an earlier token does not reach the end")
		}
		if !slices.Equal(out[0].Pooled, out[0].Last[4*w:]) || out[0].Projected != nil {
			t.Error("the pooled row is not that of the end token")
		}
		if len(e.programs) != 1 {
			t.Errorf("%d graphs are compiled for prompts of one length", len(e.programs))
		}
	})
}

func TestPooledRow(t *testing.T) {
	for _, c := range []struct {
		end  int
		ids  []int
		want int
	}{
		{2, []int{7, 9, 2, 9, 1}, 1},    // the largest id, its first place
		{9, []int{7, 11, 9, 9, 1}, 2},   // the end token, its first place
		{9, []int{7, 11, 12, 13, 1}, 0}, // none
	} {
		if got := (Config{End: c.end}).pooledRow(c.ids); got != c.want {
			t.Errorf("end token %d in %v is found at %d, want %d", c.end, c.ids, got, c.want)
		}
	}
}

// TestNamesWithoutPrefix: newer library versions save the encoder without text_model.
func TestNamesWithoutPrefix(t *testing.T) {
	be := computetest.Open(t, "ref")
	e := load(t, be, tensors.AsStored)
	bare, err := New(e.Config, unprefixed{e.files}, be, tensors.AsStored)
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	ids := []int{298, 5, 6, 299}
	if !slices.Equal(encode(t, e, ids)[0].Last, encode(t, bare, ids)[0].Last) {
		t.Error("names without a prefix give another result")
	}
}

type unprefixed struct{ tensors.Source }

func (u unprefixed) Tensor(name string) (*checkpoint.Tensor, bool) {
	if strings.HasPrefix(name, "text_model.") {
		return nil, false
	}
	return u.Source.Tensor("text_model." + name)
}

// TestCost compares the count of the graph with one by hand.
func TestCost(t *testing.T) {
	e := load(t, computetest.Open(t, "ref"), tensors.AsStored)
	const n, w, inner, layers = 20, 24, 48, 3
	got, err := e.Cost(n)
	if want := int64(layers * 2 * n * (4*w*w + 2*w*inner + 2*n*w)); err != nil || got.FLOPs != want {
		t.Errorf("%d FLOPs, by hand %d (%v)", got.FLOPs, want, err)
	}
}

func TestBadInputIsNamed(t *testing.T) {
	e := load(t, computetest.Open(t, "ref"), tensors.AsStored)
	for _, c := range []struct {
		ids  [][]int
		mask [][]bool
		says string
	}{
		{[][]int{{}}, nil, "0 tokens"},
		{[][]int{make([]int, 78)}, nil, "1 to 77"},
		{[][]int{{1, 300}}, nil, "token 300"},
		{[][]int{{1, -1}}, nil, "token -1"},
		{[][]int{{1, 2}}, [][]bool{{true}}, "1 entries for 2"},
		{[][]int{{1, 2}}, [][]bool{nil, nil}, "masks for 2 of 1"},
	} {
		if _, err := e.Encode(context.Background(), c.ids, c.mask); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %q", err, c.says)
		}
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Encode(cancelled, [][]int{{1, 2}}, nil); !errors.Is(err, compute.ErrCancelled) {
		t.Errorf("a cancelled encoding returns %v", err)
	}
	// A row that sees nothing is no NaN.
	out, err := e.Encode(context.Background(), [][]int{{1, 2}}, [][]bool{{false, true}})
	if err != nil || math.IsNaN(float64(out[0].Last[0])) {
		t.Errorf("a first token behind the mask gives %v (%v)", out[0].Last[0], err)
	}
}

func TestConfig(t *testing.T) {
	want := Config{Vocabulary: 300, Width: 24, Inner: 48, Layers: 3, Heads: 3, MaxTokens: 77, QuickGELU: true, Eps: 1e-5, End: 2, Projection: 24}
	got, err := ReadConfig("testdata/clip-text-l")
	if err != nil || got != want {
		t.Errorf("%+v (%v), want %+v", got, err, want)
	}
	want = Config{Vocabulary: 49408, Width: 768, Inner: 2048, Layers: 12, Heads: 8, MaxTokens: 77, QuickGELU: true, Eps: 1e-5, End: 49407, Projection: 512}
	got, err = read(t, `{"projection_dim": 9, "text_config": {"hidden_size": 768, "projection_dim": 512}}`)
	if err != nil || got != want {
		t.Errorf("of a whole CLIP: %+v (%v), want %+v", got, err, want)
	}
	for text, says := range map[string]string{
		`{"hidden_act": "relu"}`:             "hidden_act",
		`{"num_attention_heads": 7}`:         "7 heads",
		`{"vocab_size": 0}`:                  "vocab_size = 0",
		`{"num_hidden_layers": 10000}`:       "num_hidden_layers",
		`{"text_config": {"vocab_size":""}}`: "text_config",
	} {
		if _, err := read(t, text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

func read(t *testing.T, text string) (Config, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return ReadConfig(dir)
}
