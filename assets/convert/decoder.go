package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"winnow/internal/checkpoint"
	"winnow/internal/checkpoint/tokenizer"
)

func decoderMetadata(dir, name string, c *config, kind checkpoint.Type) ([]checkpoint.KV, error) {
	t := &c.Text
	arch := architectures[t.Act]
	kv := []checkpoint.KV{
		{Key: "general.architecture", Value: arch},
		{Key: "general.type", Value: "model"},
		{Key: "general.name", Value: name},
		{Key: "general.file_type", Value: fileType(kind)},
		{Key: "general.quantization_version", Value: uint32(2)},
		{Key: arch + ".vocab_size", Value: uint32(t.Vocab)},
		{Key: arch + ".context_length", Value: uint32(t.Context)},
		{Key: arch + ".embedding_length", Value: uint32(t.Hidden)},
		{Key: arch + ".block_count", Value: uint32(t.Layers)},
		{Key: arch + ".feed_forward_length", Value: uint32(t.FFN)},
		{Key: arch + ".attention.head_count", Value: uint32(t.Heads)},
		{Key: arch + ".attention.head_count_kv", Value: uint32(t.KVHeads)},
		{Key: arch + ".attention.key_length", Value: uint32(t.HeadDim)},
		{Key: arch + ".attention.value_length", Value: uint32(t.HeadDim)},
		{Key: arch + ".attention.layer_norm_rms_epsilon", Value: t.Eps},
		{Key: arch + ".rope.dimension_count", Value: uint32(t.HeadDim)},
		{Key: arch + ".rope.freq_base", Value: t.Theta},
	}
	if s := t.Scaling; s != nil {
		switch kind := s.Type + s.OldType; kind {
		case "", "default":
		case "linear", "linearlinear":
			kv = append(kv, checkpoint.KV{Key: arch + ".rope.scaling.type", Value: "linear"},
				checkpoint.KV{Key: arch + ".rope.scaling.factor", Value: s.Factor})
		default:
			return nil, fmt.Errorf("the rotary scaling %q cannot be converted; default and linear can", s.Type+s.OldType)
		}
	}
	vocab, err := tokenizer.ToGGUF(dir, t.Vocab)
	if err != nil {
		return nil, err
	}
	kv = append(kv, vocab...)
	if tmpl := chatTemplate(dir); tmpl != "" {
		kv = append(kv, checkpoint.KV{Key: "tokenizer.chat_template", Value: tmpl})
	}
	return kv, nil
}

// chatTemplate finds the template in the three places where transformers has kept it.
func chatTemplate(dir string) string {
	if data, err := os.ReadFile(filepath.Join(dir, "chat_template.jinja")); err == nil {
		return strings.ToValidUTF8(string(data), "\uFFFD")
	}
	for _, file := range []string{"chat_template.json", "tokenizer_config.json"} {
		var t struct {
			Template string `json:"chat_template"`
		}
		if readJSON(filepath.Join(dir, file), &t) == nil && t.Template != "" {
			return t.Template
		}
	}
	return ""
}

func decoderTensors(w *weights, c *config) []checkpoint.WriteTensor {
	t := &c.Text
	queries, keys := t.Heads*t.HeadDim, t.KVHeads*t.HeadDim
	all := []checkpoint.WriteTensor{
		w.words("token_embd.weight", w.text+"embed_tokens.weight", t.Vocab, t.Hidden),
	}
	for i := range t.Layers {
		name := func(s string) string { return layer("blk.#."+s+".weight", i) }
		from := func(s string) string { return w.text + layer("layers.#."+s+".weight", i) }
		all = append(all,
			w.vector(name("attn_norm"), from("input_layernorm"), t.Hidden),
			w.matrix(name("attn_q"), from("self_attn.q_proj"), interleave(t.HeadDim, t.Hidden), queries, t.Hidden),
			w.matrix(name("attn_k"), from("self_attn.k_proj"), interleave(t.HeadDim, t.Hidden), keys, t.Hidden),
			w.matrix(name("attn_v"), from("self_attn.v_proj"), nil, keys, t.Hidden),
			w.matrix(name("attn_output"), from("self_attn.o_proj"), nil, t.Hidden, queries),
			w.vector(name("ffn_norm"), from("post_attention_layernorm"), t.Hidden),
			w.matrix(name("ffn_gate"), from("mlp.gate_proj"), nil, t.FFN, t.Hidden),
			w.matrix(name("ffn_up"), from("mlp.up_proj"), nil, t.FFN, t.Hidden),
			w.matrix(name("ffn_down"), from("mlp.down_proj"), nil, t.Hidden, t.FFN),
		)
	}
	all = append(all, w.vector("output_norm.weight", w.text+"norm.weight", t.Hidden))
	if _, has := w.src.Tensor(w.head); has && !c.tied() {
		all = append(all, w.words("output.weight", w.head, t.Vocab, t.Hidden))
	}
	return all
}

// interleave reorders the rows of a query or key matrix. transformers rotates row i of a
// head together with row i + headDim/2; llama.cpp's llama rotates neighbours 2i and 2i + 1.
func interleave(headDim, columns int) func([]float32) []float32 {
	return func(src []float32) []float32 {
		dst := make([]float32, len(src))
		for r := range len(src) / columns {
			head, at := r/headDim, r%headDim
			from := head*headDim + at%2*headDim/2 + at/2
			copy(dst[r*columns:(r+1)*columns], src[from*columns:])
		}
		return dst
	}
}
