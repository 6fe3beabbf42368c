// Package weights binds the tensors of a GGUF file to the fields of a model.
//
// A model is a struct whose fields are its parts; a tag says which tensor a field is:
//
//	type Layer struct {
//		Norm compute.Array `gguf:"attn_norm.weight"`
//		Q    compute.Array `gguf:"attn_q.weight,matrix"`
//		Bias compute.Array `gguf:"attn_q.bias,optional"`
//	}
//
// matrix promises that the weight is only ever the first argument of a product, so that a
// backend may repack it. Nested structs and slices of structs add their own tag as a prefix,
// %d standing for the index: Layers []Layer `gguf:"blk.%d."`.
package weights
