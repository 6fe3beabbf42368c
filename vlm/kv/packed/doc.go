// Package packed keeps key and value rows as codes of 2, 4 or 8 bits, and attends to them
// without ever expanding them as a whole.
//
// # Storing
//
// Pack quantises a batch of rows in classes (important rows in 4 bits, say, others in 2), as
// ZipCache does and ZipVL v1 took over:
//
//	keys    per channel and class:  x̂ = code·step[c] + min[c]
//	values  per row, channels first brought to one size by s[c] = sqrt(max |v[c]| over the batch):
//	        x̂ = (code·step[row] + min[row])·s[c]
//
// The result is a Block. A Store is a list of blocks: one layer's packed entries, block by
// block, in each class by class, in each class the rows ascending.
//
// # Attending
//
// The new row's query meets the packed entries and a tail of full-precision rows under one
// softmax. What quantisation added is taken out of the loops:
//
//	q·x̂ = Σ (q·step)·code + Σ q·min           the query is weighed once a class
//	Σ p·x̂ = s·(Σ (p·step)·code + Σ p·min)     the probability is weighed once a row
//
// so codes only have to become float32, in tiles that stay in the first cache, and once for
// all query heads that share a key head. Apart from the order of sums this equals expanding
// everything and attending to it in float32.
//
// # Threads
//
// A decoder often has only 1 to 3 key heads, fewer than threads, and a thread with a head more
// makes all others wait. So entries are divided, not heads: up to 24 shares of them (a number
// that many numbers of threads divide), dealt out in turn. Each share keeps a softmax of its
// own — its largest score m, the sum l of exp(score-m), the weighed sum o of the values, each
// for every head — and whoever is last joins them:
//
//	M = max m,   out = Σ exp(m-M)·o / Σ exp(m-M)·l
//
// The shares do not depend on the number of threads, so neither does the result.
//
// Bytes of a code row are kept segment by segment (all rows' bytes of a few heads, then those
// of the next), so that a share reads memory in order, whatever a row's width.
//
// Start reading at pack.go, then store.go, attend.go, share.go.
package packed
