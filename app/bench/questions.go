package bench

import (
	"math/rand/v2"

	"winnow/assets/samples"
)

// asked is a question about one of the sample scenes.
type asked struct {
	scene    int // index in samples.Scenes
	question string
}

// anywhere are the kinds of questions that make sense about every scene, whatever is in it.
var anywhere = map[string]bool{"exist": true, "what": true, "count": true}

// questions draws n questions about the scenes without repeating one, all of them where n is 0:
// each scene's own, and those of the other scenes that presuppose nothing.
func questions(n int, seed uint64) []asked {
	var pool []asked
	taken := map[asked]bool{}
	scenes := samples.Scenes()
	for s := range scenes {
		for from, other := range scenes {
			for _, q := range other.Questions {
				a := asked{s, q.Question}
				if (from == s || anywhere[q.Kind]) && !taken[a] {
					taken[a] = true
					pool = append(pool, a)
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(seed, 1))
	r.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	if n > 0 && n < len(pool) {
		pool = pool[:n]
	}
	return pool
}
