package pixart

import "fmt"

// Size is what a graph's shapes depend on.
type Size struct {
	// Batch is the number of latents evaluated at once: 1, or 2 with guidance.
	Batch int
	// Height and Width of the latents in cells, multiples of the patch.
	Height, Width int
	// Text is the number of text rows, those that a mask closes included.
	Text int
}

// geometry is a size as a network sees it.
type geometry struct {
	Size
	net Config
}

func (z geometry) cols() int { return z.Width / z.net.Patch }
func (z geometry) rows() int { return z.Height / z.net.Patch }

// Tokens of one latent, in reading order.
func (z geometry) Tokens() int { return z.rows() * z.cols() }

// geometry checks a size.
func (c Config) geometry(s Size) (geometry, error) {
	switch {
	case s.Batch < 1 || s.Text < 1:
		return geometry{}, fmt.Errorf("an evaluation takes at least one latent and one text row, not %d and %d", s.Batch, s.Text)
	case s.Height < 1 || s.Width < 1 || s.Height%c.Patch != 0 || s.Width%c.Patch != 0:
		return geometry{}, fmt.Errorf("a latent of %d×%d cells does not divide into patches of %d×%d; choose multiples of %d",
			s.Height, s.Width, c.Patch, c.Patch, c.Patch)
	}
	return geometry{s, c}, nil
}
