package robotics

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/robotics/policy"
	"winnow/robotics/policy/encoder"
	"winnow/robotics/policy/language"
)

var update = flag.Bool("update", false, "write testdata/tiny again")

// tiny is a policy of noise in the shape of CogVLA, with the actions and the state of the suites. It
// is the folder testdata/tiny, which the tests of the command line and of the bench read, too.
var tiny = policy.Config{
	Vision: [2]encoder.Config{
		{Grid: 3, Patch: 4, Width: 8, Inner: 16, Blocks: 2, Heads: 2, Class: true, Registers: 2, LayerScale: true, Scale: "scale_factor", Wrapped: true, Language: 16, Aggregation: 4},
		{Grid: 3, Patch: 4, Width: 12, Inner: 16, Blocks: 2, Heads: 2, Wrapped: true, Language: 16, Aggregation: 4},
	},
	Gated: true,
	Language: language.Config{Layers: 4, Hidden: 16, Heads: 2, KVHeads: 2, Inner: 20, Vocabulary: 260, Eps: 1e-6, Theta: 10000,
		Routers: []int{1, 3}, FiLM: true},
	Schedule: "interleave", Average: 0.5, Images: 2, Chunk: 4, Action: 4, Proprio: 4, HeadWidth: 16,
}

// TestTinyCheckpoint: the folder is what this file makes, and reads as it was meant.
func TestTinyCheckpoint(t *testing.T) {
	files := map[string][]byte{"model.safetensors": weights(tiny), "config.json": tinyConfig(), "dataset_statistics.json": tinyStatistics(),
		"tokenizer.json": tinyTokenizer(), "tokenizer_config.json": []byte(`{"bos_token":"<s>","eos_token":"</s>","unk_token":"<unk>"}`)}
	dir := filepath.Join("testdata", "tiny")
	for name, data := range files {
		path := filepath.Join(dir, name)
		if *update {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, data) {
			t.Errorf("%s is not what is made here (%v): run this test with -update", path, err)
		}
	}
	b, err := OpenBrain(Folder(dir), "ref", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got, want := marshal(b.Config), marshal(tiny); got != want {
		t.Errorf("the folder reads as\n%s, not as\n%s", got, want)
	}
}

func marshal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// weights are noise as a safetensors file in float32.
func weights(c policy.Config) []byte {
	r := rand.New(rand.NewPCG(3, 2))
	header := map[string]any{}
	var data []byte
	for _, n := range c.Layout() {
		size := 1
		for _, d := range n.Shape {
			size *= d
		}
		from := len(data)
		for range size {
			v := r.NormFloat64() / 10
			if len(n.Shape) > 1 {
				v = r.NormFloat64() / math.Sqrt(float64(size/n.Shape[0]))
			}
			if strings.Contains(n.Name, "norm") && strings.HasSuffix(n.Name, ".weight") {
				v++
			}
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		}
		header[n.Name] = map[string]any{"dtype": "F32", "shape": n.Shape, "data_offsets": [2]int{from, len(data)}}
	}
	head := []byte(marshal(header))
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...), data...)
}

func tinyConfig() []byte {
	l := tiny.Language
	return []byte(marshal(map[string]any{
		"model_type": "openvla", "use_fused_vision_backbone": true, "vision_aggregate_type": "moe", "use_aggr": true, "use_film": true,
		"num_vision_aggr": tiny.Vision[0].Aggregation, "timm_model_args": []map[string]int{{"num_heads": 2}, {"num_heads": 2}},
		"winnow_policy": map[string]any{"chunk": tiny.Chunk, "images": tiny.Images, "bounds": "q99"},
		"text_config": map[string]any{"hidden_size": l.Hidden, "num_hidden_layers": l.Layers, "num_attention_heads": l.Heads, "intermediate_size": l.Inner,
			"vocab_size": l.Vocabulary, "use_lfp": true, "lfp_type": tiny.Schedule, "lfp_average_factor": tiny.Average, "lfp_enable_film": true},
	}))
}

func tinyStatistics() []byte {
	return []byte(`{"noise":{"action":{"q01":[-1,-1,-1,-1],"q99":[1,1,1,1]},"proprio":{"q01":[-0.5,0,0,0],"q99":[0.5,1,0.5,1]}}}`)
}

// tinyTokenizer has a token a byte.
func tinyTokenizer() []byte {
	vocab := map[string]int{"<unk>": 0, "<s>": 1, "</s>": 2}
	other := 256
	for b := range 256 { // GPT-2's way to print bytes
		r := rune(b)
		if !(b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae) {
			r = rune(other)
			other++
		}
		vocab[string(r)] = 3 + b
	}
	special := func(id int, text string) map[string]any {
		return map[string]any{"id": id, "content": text, "special": true}
	}
	level := map[string]any{"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}
	return []byte(marshal(map[string]any{"added_tokens": []any{special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")},
		"pre_tokenizer": level, "decoder": level, "model": map[string]any{"type": "BPE", "vocab": vocab, "merges": []string{}}}))
}
