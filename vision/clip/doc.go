// Package clip is the CLIP vision transformer with LLaVA's two-layer projector, read from the
// mmproj GGUF files that llama.cpp users have.
//
//	pixels ─▶ patches ─▶ linear + class token + positions ─▶ LayerNorm
//	       ─▶ layers up to the feature layer ─▶ class token off ─▶ linear, GELU, linear
//
// LLaVA takes the output of the last layer but one (vision_feature_layer -2), without the
// tower's final norm.
package clip
