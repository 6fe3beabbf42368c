// Package tensors binds the tensors of a Hugging Face checkpoint to the parts of a network.
//
// A network asks for its parts by the names and shapes that its configuration implies:
//
//	l := tensors.NewLoader(source, backend, tensors.AsStored)
//	b.QKV = l.Linear("blocks.0.attn1.", 256, 256, "to_q", "to_k", "to_v") // one product for three
//	b.Norm = l.Vector("blocks.0.norm.weight", 256)
//	set, err := l.Done()
//
// The first tensor that is missing, of another shape or damaged is the error of Done. Matrices
// lie on the device as a Storage says; whatever is added or multiplied elementwise is F32.
//
// Folder (folder.go) is where files lie, on disk or within a program, and its Open (open.go) finds
// the weights; Loader (loader.go) reads; Linear (linear.go) is a matrix with its bias.
package tensors
