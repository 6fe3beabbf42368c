package eval

import (
	"math"
	"math/rand/v2"
	"slices"

	"winnow/app/bench"
)

// resamples of the bootstrap.
const resamples = 2000

// Interval is a value with its 95 % interval over resampled scenes.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// value is a metric of summed tallies, NaN where nothing was asked.
func (t *tally) value(m Metric) float64 {
	if m != Overall {
		return t[m].hits / t[m].of
	}
	sum, n := 0.0, 0.0
	for k := range right {
		if t[k].of > 0 {
			sum, n = sum+t.value(k), n+1
		}
	}
	return sum / n
}

func (t *tally) plus(o *tally, times float64) {
	for m := range t {
		t[m].hits += times * o[m].hits
		t[m].of += times * o[m].of
	}
}

// table has a tally a side and scene, and what resampling the scenes makes of them: the same draws
// for all sides, so that differences are paired.
type table struct {
	scenes [][]tally // [side][scene]
	total  []tally   // [side]
	drawn  [][]tally // [resample][side]
}

func tabulate(list []Done, sides int, seed uint64) *table {
	t := &table{scenes: make([][]tally, sides), total: make([]tally, sides)}
	for s := range sides {
		for i := range list {
			t.scenes[s] = append(t.scenes[s], list[i].score(s))
			t.total[s].plus(&t.scenes[s][i], 1)
		}
	}
	r := rand.New(rand.NewPCG(seed, 95))
	times := make([]float64, len(list))
	for range resamples {
		clear(times)
		for range list {
			times[r.IntN(len(list))]++
		}
		row := make([]tally, sides)
		for s := range sides {
			for i, n := range times {
				if n > 0 {
					row[s].plus(&t.scenes[s][i], n)
				}
			}
		}
		t.drawn = append(t.drawn, row)
	}
	return t
}

// interval of one side's metric; the ends are NaN where nothing was asked.
func (t *table) interval(side int, m Metric) Interval {
	low, high := middle(t.drawn, func(row []tally) float64 { return row[side].value(m) })
	return Interval{t.total[side].value(m), low, high}
}

// paired compares two sides: above zero where a is better.
func (t *table) paired(a, b int, m Metric) bench.Paired {
	sign := 1.0
	if m.Lower() {
		sign = -1
	}
	p := bench.Paired{Mean: sign*(t.total[a].value(m)-t.total[b].value(m)) + 0}
	p.Low, p.High = middle(t.drawn, func(row []tally) float64 { return sign * (row[a].value(m) - row[b].value(m)) })
	for i := range t.scenes[a] {
		switch d := sign * (zero(t.scenes[a][i].value(m)) - zero(t.scenes[b][i].value(m))); {
		// A hundredth of a millionth is what sums of shares leave behind.
		case d > 1e-9:
			p.Better++
		case d < -1e-9:
			p.Worse++
		default:
			p.Same++
		}
	}
	return bench.Judge(p)
}

// zero is what a scene without the question, or a caption without objects, counts as.
func zero(v float64) float64 {
	if v != v {
		return 0
	}
	return v
}

// middle is the range that 95 % of the draws lie in, of those that have a value.
func middle(drawn [][]tally, value func([]tally) float64) (low, high float64) {
	var list []float64
	for _, row := range drawn {
		if v := value(row); v == v {
			list = append(list, v)
		}
	}
	if len(list) == 0 {
		return math.NaN(), math.NaN()
	}
	slices.Sort(list)
	n := float64(len(list))
	return list[int(0.025*n)] + 0, list[max(int(0.975*n)-1, 0)] + 0 // −0 + 0 is 0
}
