package main

import "winnow/internal/checkpoint"

// mmprojMetadata: llama.cpp runs the first feature_layer blocks and takes their output. All
// blocks are kept, so that a reader which does not know the key, and takes the output of the
// last but one, agrees for the usual vision_feature_layer of -2.
func mmprojMetadata(name string, c *config, kind checkpoint.Type) []checkpoint.KV {
	v := &c.Vision
	return []checkpoint.KV{
		{Key: "general.architecture", Value: "clip"},
		{Key: "general.type", Value: "mmproj"},
		{Key: "general.name", Value: name},
		{Key: "general.file_type", Value: fileType(kind)},
		{Key: "general.quantization_version", Value: uint32(2)},
		{Key: "clip.has_vision_encoder", Value: true},
		{Key: "clip.has_llava_projector", Value: true},
		{Key: "clip.projector_type", Value: "mlp"},
		// Neither of the two: quick GELU.
		{Key: "clip.use_gelu", Value: v.Act == "gelu"},
		{Key: "clip.use_silu", Value: v.Act == "silu"},
		{Key: "clip.vision.image_size", Value: uint32(v.Image)},
		{Key: "clip.vision.patch_size", Value: uint32(v.Patch)},
		{Key: "clip.vision.embedding_length", Value: uint32(v.Hidden)},
		{Key: "clip.vision.feed_forward_length", Value: uint32(v.FFN)},
		{Key: "clip.vision.block_count", Value: uint32(v.Layers)},
		{Key: "clip.vision.feature_layer", Value: []int32{int32(c.feature)}},
		{Key: "clip.vision.projection_dim", Value: uint32(c.Text.Hidden)},
		{Key: "clip.vision.attention.head_count", Value: uint32(v.Heads)},
		{Key: "clip.vision.attention.layer_norm_epsilon", Value: v.Eps},
		{Key: "clip.vision.image_mean", Value: c.image.Mean},
		{Key: "clip.vision.image_std", Value: c.image.Std},
		// Ours; llama.cpp ignores it and pads every picture to a square.
		{Key: "winnow.preprocess", Value: map[bool]string{true: "crop", false: "pad"}[c.image.Crop]},
	}
}

func mmprojTensors(w *weights, c *config) []checkpoint.WriteTensor {
	v, text := &c.Vision, c.Text.Hidden
	grid := v.Image / v.Patch
	filters := checkpoint.F16
	if w.kind == checkpoint.F32 {
		filters = checkpoint.F32
	}
	emb := w.vision + "embeddings."
	all := []checkpoint.WriteTensor{
		w.vector("v.class_embd", emb+"class_embedding", v.Hidden),
		w.take("v.patch_embd.weight", emb+"patch_embedding.weight", filters, nil, v.Hidden, 3, v.Patch, v.Patch),
		w.take("v.position_embd.weight", emb+"position_embedding.weight", checkpoint.F32, nil, grid*grid+1, v.Hidden),
		w.vector("v.pre_ln.weight", w.vision+"pre_layrnorm.weight", v.Hidden), // spelt so in CLIP
		w.vector("v.pre_ln.bias", w.vision+"pre_layrnorm.bias", v.Hidden),
	}
	for i := range v.Layers {
		blk, from := layer("v.blk.#.", i), w.vision+layer("encoder.layers.#.", i)
		for _, p := range []struct {
			name, from    string
			rows, columns int
		}{
			{"attn_q", "self_attn.q_proj", v.Hidden, v.Hidden},
			{"attn_k", "self_attn.k_proj", v.Hidden, v.Hidden},
			{"attn_v", "self_attn.v_proj", v.Hidden, v.Hidden},
			{"attn_out", "self_attn.out_proj", v.Hidden, v.Hidden},
			{"ffn_up", "mlp.fc1", v.FFN, v.Hidden},
			{"ffn_down", "mlp.fc2", v.Hidden, v.FFN},
		} {
			all = append(all,
				w.matrix(blk+p.name+".weight", from+p.from+".weight", nil, p.rows, p.columns),
				w.vector(blk+p.name+".bias", from+p.from+".bias", p.rows))
		}
		for _, n := range []struct{ name, from string }{{"ln1", "layer_norm1"}, {"ln2", "layer_norm2"}} {
			all = append(all,
				w.vector(blk+n.name+".weight", from+n.from+".weight", v.Hidden),
				w.vector(blk+n.name+".bias", from+n.from+".bias", v.Hidden))
		}
	}
	// No post layer norm: the features are taken before it, and llama.cpp would apply it.
	return append(all,
		w.matrix("mm.0.weight", w.projector+"linear_1.weight", nil, text, v.Hidden),
		w.vector("mm.0.bias", w.projector+"linear_1.bias", text),
		w.matrix("mm.2.weight", w.projector+"linear_2.weight", nil, text, text),
		w.vector("mm.2.bias", w.projector+"linear_2.bias", text))
}
