package pixart

import "slices"

// patchRows lays tokens of one latent [channels × height × width] out as rows of dst, in the order
// of the convolution's weights: channel, then y, then x.
func (z geometry) patchRows(dst, latent []float32, tokens []int) {
	p, k := z.net.Patch, z.net.Channels*z.net.Patch*z.net.Patch
	for i, token := range tokens {
		row := dst[i*k:]
		top, left := token/z.cols()*p, token%z.cols()*p
		for c := range z.net.Channels {
			for y := range p {
				from := (c*z.Height+top+y)*z.Width + left
				copy(row[(c*p+y)*p:(c*p+y+1)*p], latent[from:from+p])
			}
		}
	}
}

// picture puts rows of proj_out back in place: a row holds y, then x, then channel.
func (z geometry) picture(rows []float32) []float32 {
	p := z.net.Patch
	out := make([]float32, z.net.Out*z.Height*z.Width)
	for token := range z.Tokens() {
		row := rows[token*p*p*z.net.Out:]
		top, left := token/z.cols()*p, token%z.cols()*p
		for y := range p {
			for x := range p {
				for c := range z.net.Out {
					out[(c*z.Height+top+y)*z.Width+left+x] = row[(y*p+x)*z.net.Out+c]
				}
			}
		}
	}
	return out
}

// all lists the tokens 0 … n-1.
func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// batched repeats tokens for every latent of a batch, as rows of [batch · tokens].
func (z geometry) batched(tokens []int) []int32 {
	out := make([]int32, 0, z.Batch*len(tokens))
	for b := range z.Batch {
		for _, t := range tokens {
			out = append(out, int32(b*z.Tokens()+t))
		}
	}
	return slices.Clip(out)
}
