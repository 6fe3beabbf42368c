// Package vision turns pictures into visual tokens.
//
//	file ─▶ picture ─▶ preprocess ─▶ encoder (clip/) ─▶ embeddings, one a cell of the patch grid
//	        decode,    resize, crop,                      │
//	        turn       normalise, and where               └─▶ heatmap, figure: pictures of what
//	                   the picture was cut (grid)             a run kept
//
// An Encoder is one network with its projector. Load finds the architecture in the file.
package vision
