package bench

import (
	"context"
	"runtime"
	"slices"
	"time"
)

// sample holds one contender's times by round, in milliseconds.
type sample struct {
	prefill []float64
	decode  []float64 // a token
}

// settle is how long ggml's threads go on looking for work after a run; another engine's run
// must not share the cores with them.
const settle = 500 * time.Millisecond

// rounds lets the contenders run by turns. The order turns too: each follows each.
func rounds(ctx context.Context, all []contender, runs int, forced []int, began func(round int)) ([]sample, error) {
	out := make([]sample, len(all))
	for round := range runs {
		began(round)
		for turn := range all {
			i := (turn + round) % len(all)
			if round%2 == 1 {
				i = len(all) - 1 - i
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			runtime.GC()
			time.Sleep(settle)
			prefill, decode, err := measure(ctx, all[i], forced)
			if err != nil {
				return nil, err
			}
			out[i].prefill, out[i].decode = append(out[i].prefill, prefill), append(out[i].decode, decode)
		}
	}
	return out, nil
}

// measure times one contender, warmed up.
func measure(ctx context.Context, c contender, forced []int) (prefill, decode float64, err error) {
	if err := c.prefill(ctx); err != nil { // threads, pages and caches are ready then
		return 0, 0, err
	}
	started := time.Now()
	if err := c.prefill(ctx); err != nil {
		return 0, 0, err
	}
	prefill = ms(time.Since(started))
	started = time.Now()
	for _, id := range forced { // the first step readies the graph of the others: it counts
		if err := c.step(ctx, id); err != nil {
			return 0, 0, err
		}
	}
	return prefill, ms(time.Since(started)) / float64(len(forced)), nil
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// Stat is a median with the quarter below and above which a quarter of the values lie.
type Stat struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

func stat(values []float64) Stat {
	if len(values) == 0 {
		return Stat{}
	}
	v := slices.Clone(values)
	slices.Sort(v)
	at := func(q float64) float64 {
		x := q * float64(len(v)-1)
		i := int(x)
		if i+1 >= len(v) {
			return v[i]
		}
		return v[i] + (x-float64(i))*(v[i+1]-v[i])
	}
	return Stat{Median: at(0.5), Low: at(0.25), High: at(0.75)}
}

// quotient compares round by round: above 1, the second took less time.
func quotient(first, second []float64) Stat {
	q := make([]float64, len(first))
	for i := range q {
		q[i] = first[i] / second[i]
	}
	return stat(q)
}
