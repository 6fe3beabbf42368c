package vision

import (
	"context"

	"winnow/internal/compute"
	"winnow/vision/grid"
	"winnow/vision/preprocess"
)

// Encoding is what an encoder makes of one picture.
type Encoding struct {
	// Embeddings has one row a visual token, as wide as the decoder: [tokens × width],
	// row-major.
	Embeddings []float32
	Width      int
	// Grid is the patch grid; token i is the cell (i / Cols, i % Cols).
	Grid grid.Grid
	// Cost is counted.
	Cost compute.Cost
}

// Encoder is a vision network with its projector.
type Encoder interface {
	// Processor makes its pixels.
	Processor() *preprocess.Processor
	// Width of the embeddings, which must be the decoder's.
	Width() int
	// Encode computes the embeddings of one picture.
	Encode(ctx context.Context, p preprocess.Pixels) (Encoding, error)
	Close()
}
