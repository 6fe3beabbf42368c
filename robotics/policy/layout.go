package policy

import (
	"fmt"

	"winnow/robotics/policy/encoder"
	"winnow/robotics/policy/language"
)

// Named is a tensor of a checkpoint, its shape in PyTorch's order.
type Named struct {
	Name  string
	Shape []int
}

// Layout lists the tensors that a policy of this shape reads, by the names that Open knows: those of
// the checkpoint's shards and .pt files, the action head's and the state projector's with
// action_head. and proprio_projector. before them.
func (c Config) Layout() []Named {
	var b layout
	for i, v := range c.Vision {
		b.vision(encoderPrefixes[i], aggregationNames[i], v)
	}
	d := c.Language.Hidden
	if c.Gated {
		b.linear("aggregation_router.router.0", d, d)
		b.linear("aggregation_router.router.2", d, 2)
		for i, name := range []string{"featurizer_proj", "fused_featurizer_proj"} {
			b.linear(name+".fc1", c.Vision[i].Width, d)
			b.linear(name+".fc2", d, d)
		}
	} else {
		in := c.Vision[0].Width + c.Vision[1].Width
		b.linear("projector.fc1", in, 4*in)
		b.linear("projector.fc2", 4*in, d)
		b.linear("projector.fc3", d, d)
	}
	b.language(c.Language)
	if c.Proprio > 0 {
		b.linear("proprio_projector.fc1", c.Proprio, d)
		b.linear("proprio_projector.fc2", d, d)
	}
	if c.Bins > 0 {
		b.add(language.HeadName, c.Language.Vocabulary, d)
		return b
	}
	h := "action_head.model."
	b.norm(h+"layer_norm1", c.Action*d)
	b.linear(h+"fc1", c.Action*d, c.HeadWidth)
	for i := range headBlocks {
		b.norm(fmt.Sprintf("%smlp_resnet_blocks.%d.ffn.0", h, i), c.HeadWidth)
		b.linear(fmt.Sprintf("%smlp_resnet_blocks.%d.ffn.1", h, i), c.HeadWidth, c.HeadWidth)
	}
	b.norm(h+"layer_norm2", c.HeadWidth)
	b.linear(h+"fc2", c.HeadWidth, c.Action)
	return b
}

type layout []Named

func (b *layout) add(name string, shape ...int) { *b = append(*b, Named{name, shape}) }

func (b *layout) linear(name string, in, out int) {
	b.add(name+".weight", out, in)
	b.add(name+".bias", out)
}

func (b *layout) norm(name string, width int) {
	b.add(name+".weight", width)
	b.add(name+".bias", width)
}

func (b *layout) vision(prefix, aggregation string, c encoder.Config) {
	w := c.Width
	b.add(prefix+"patch_embed.proj.weight", w, 3, c.Patch, c.Patch)
	b.add(prefix+"patch_embed.proj.bias", w)
	b.add(prefix+"pos_embed", 1, c.Patches(), w)
	if c.Class {
		b.add(prefix+"cls_token", 1, 1, w)
	}
	if c.Registers > 0 {
		b.add(prefix+"reg_token", 1, c.Registers, w)
	}
	if c.Aggregation > 0 {
		b.add(aggregation, 1, c.Aggregation, w)
	}
	for i := range c.Blocks {
		outer := fmt.Sprintf("%sblocks.%d.", prefix, i)
		p := outer
		if c.Wrapped {
			p += "block."
		}
		b.norm(p+"norm1", w)
		b.linear(p+"attn.qkv", w, 3*w)
		b.linear(p+"attn.proj", w, w)
		b.norm(p+"norm2", w)
		b.linear(p+"mlp.fc1", w, c.Inner)
		b.linear(p+"mlp.fc2", c.Inner, w)
		if c.LayerScale {
			b.add(p+"ls1."+c.Scale, w)
			b.add(p+"ls2."+c.Scale, w)
		}
		if c.Language > 0 {
			b.linear(outer+"scale", c.Language, w)
			b.linear(outer+"shift", c.Language, w)
		}
	}
}

func (b *layout) language(c language.Config) {
	d, h := c.Hidden, c.HeadDim()
	b.add("language_model.model.embed_tokens.weight", c.Vocabulary, d)
	b.add("language_model.model.norm.weight", d)
	for i := range c.Layers {
		p := language.LayerPrefix(i)
		b.add(p+"input_layernorm.weight", d)
		b.add(p+"post_attention_layernorm.weight", d)
		b.add(p+"self_attn.q_proj.weight", c.Heads*h, d)
		b.add(p+"self_attn.k_proj.weight", c.KVHeads*h, d)
		b.add(p+"self_attn.v_proj.weight", c.KVHeads*h, d)
		b.add(p+"self_attn.o_proj.weight", d, c.Heads*h)
		b.add(p+"mlp.gate_proj.weight", c.Inner, d)
		b.add(p+"mlp.up_proj.weight", c.Inner, d)
		b.add(p+"mlp.down_proj.weight", d, c.Inner)
		if !c.Routed(i) {
			continue
		}
		b.linear(p+"router.router", d, 2)
		if c.FiLM {
			for _, part := range []string{"scale", "shift"} {
				b.linear(p+"router."+part+".0", d, d/2)
				b.linear(p+"router."+part+".2", d/2, d)
			}
		}
	}
}
