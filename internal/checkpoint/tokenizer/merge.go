package tokenizer

import "unicode/utf8"

// symbol is a stretch of the text being merged; a symbol that was joined to its left
// neighbour has n == 0.
type symbol struct {
	at, n      int // bytes in the text
	prev, next int // neighbours that are still there, none at the ends
}

// pair proposes to join two neighbours. The lowest rank goes first, then the leftmost.
type pair struct {
	rank        float64
	left, right int
	size        int // bytes of both; another value later means the proposal is out of date
}

func (a pair) before(b pair) bool {
	return a.rank < b.rank || a.rank == b.rank && a.left < b.left
}

// merge splits text into characters and joins neighbours, best rank first, until rank knows
// no pair any more. It runs in n log n, since SentencePiece texts are not split into words.
func merge(text string, rank func(left, right string) (float64, bool)) []string {
	syms := make([]symbol, 0, len(text))
	for at := 0; at < len(text); {
		_, n := utf8.DecodeRuneInString(text[at:])
		syms = append(syms, symbol{at, n, len(syms) - 1, len(syms) + 1})
		at += n
	}
	if len(syms) == 0 {
		return nil
	}
	syms[len(syms)-1].next = none
	var queue heap
	propose := func(l, r int) {
		if l == none || r == none {
			return
		}
		a, b := syms[l], syms[r]
		if k, ok := rank(text[a.at:a.at+a.n], text[b.at:b.at+b.n]); ok {
			queue.push(pair{k, l, r, a.n + b.n})
		}
	}
	for i := 1; i < len(syms); i++ {
		propose(i-1, i)
	}
	for len(queue) > 0 {
		p := queue.pop()
		l, r := &syms[p.left], &syms[p.right]
		if l.n == 0 || r.n == 0 || l.n+r.n != p.size {
			continue
		}
		l.n, r.n = p.size, 0
		l.next = r.next
		if r.next != none {
			syms[r.next].prev = p.left
		}
		propose(l.prev, p.left)
		propose(p.left, l.next)
	}
	var out []string
	for i := 0; i != none; i = syms[i].next {
		out = append(out, text[syms[i].at:syms[i].at+syms[i].n])
	}
	return out
}

// heap keeps the best pair at index 0. It is written out because container/heap would box
// every pair.
type heap []pair

func (h *heap) push(p pair) {
	*h = append(*h, p)
	a := *h
	for i := len(a) - 1; i > 0; {
		up := (i - 1) / 2
		if !a[i].before(a[up]) {
			break
		}
		a[i], a[up] = a[up], a[i]
		i = up
	}
}

func (h *heap) pop() pair {
	a := *h
	top, last := a[0], len(a)-1
	a[0] = a[last]
	a = a[:last]
	*h = a
	for i := 0; ; {
		best := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(a); c++ {
			if a[c].before(a[best]) {
				best = c
			}
		}
		if best == i {
			return top
		}
		a[i], a[best] = a[best], a[i]
		i = best
	}
}
