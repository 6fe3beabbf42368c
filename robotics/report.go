package robotics

import (
	"math"
	"slices"
)

// Report is what an actor did in all episodes.
type Report struct {
	Suite, Task string
	Episodes    []Outcome
}

// Outcome is one episode.
type Outcome struct {
	Seed        uint64
	Instruction string // what the actor was told
	// Success: the task was fulfilled in at least one step, which ended the episode.
	Success bool
	Steps   int     // actions carried out
	Reward  float64 // their sum
	// Thoughts are the calls of a network, without their results; nil for a script.
	Thoughts []Thought
}

// Successes is the number of episodes with one.
func (r *Report) Successes() int {
	n := 0
	for _, e := range r.Episodes {
		if e.Success {
			n++
		}
	}
	return n
}

// Steps is the number of all actions.
func (r *Report) Steps() int {
	n := 0
	for _, e := range r.Episodes {
		n += e.Steps
	}
	return n
}

// Thoughts are the calls of a network in all episodes.
func (r *Report) Thoughts() []Thought {
	var out []Thought
	for _, e := range r.Episodes {
		out = append(out, e.Thoughts...)
	}
	return out
}

// Latency is the median of the calls' milliseconds, without the cold ones where there are others;
// ok is false without calls.
func (r *Report) Latency() (ms float64, ok bool) {
	var warm, all []float64
	for _, t := range r.Thoughts() {
		all = append(all, t.MS)
		if !t.Cold {
			warm = append(warm, t.MS)
		}
	}
	if len(warm) == 0 {
		warm = all
	}
	if len(warm) == 0 {
		return 0, false
	}
	slices.Sort(warm)
	n := len(warm)
	return (warm[(n-1)/2] + warm[n/2]) / 2, true
}

// FLOPs is the mean of the calls'; ok is false without calls.
func (r *Report) FLOPs() (mean float64, ok bool) {
	all := r.Thoughts()
	if len(all) == 0 {
		return 0, false
	}
	for _, t := range all {
		mean += float64(t.FLOPs)
	}
	return mean / float64(len(all)), true
}

// Kept is, for each layer, the mean number of visual rows that it computed; nil without calls.
func (r *Report) Kept() []float64 {
	all := r.Thoughts()
	if len(all) == 0 {
		return nil
	}
	out := make([]float64, len(all[0].Kept))
	for _, t := range all {
		for l, n := range t.Kept {
			out[l] += float64(n)
		}
	}
	for l := range out {
		out[l] /= float64(len(all))
	}
	return out
}

// z is the 97.5 % point of the normal distribution.
const z = 1.959963984540054

// Wilson is the 95 % interval of a rate of which k in n were seen (Wilson, 1927). Unlike the plain
// one it has a width where all or none succeeded. Without any, n = 0, it is 0 … 1.
func Wilson(k, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	p, m := float64(k)/float64(n), float64(n)
	middle := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	d := 1 + z*z/m
	return max((middle-half)/d, 0), min((middle+half)/d, 1)
}
