package stepcache

import (
	"fmt"
	"math"
	"slices"

	"winnow/pruning"
)

func init() {
	pruning.Register(pruning.Info{
		Name:       "stepcache",
		Title:      "Step cache",
		Paper:      "none: a fixed interval, in the manner of DeepCache (arXiv 2312.00858) and TeaCache (arXiv 2411.19108)",
		Removes:    "network evaluations between every so many denoising steps, by repeating the last output",
		Stages:     []pruning.Phase{pruning.Denoise},
		Provenance: pruning.Baseline,
	}, func() pruning.Method { return new(StepCache) })
}

// StepCache evaluates steps from, from+interval, … and those outside [from, to).
type StepCache struct {
	Interval int `param:"interval,1..,2" unit:"steps" help:"evaluate one step in so many; 1 is dense"`
	From     int `param:"from,0..,0" unit:"steps" help:"steps before this one are all evaluated"`
	To       int `param:"to,0..,0" unit:"steps" help:"steps from this one on are all evaluated; 0 is none"`
}

var noiseProbe = pruning.Probe{What: pruning.Noise}

// Requests asks for the prediction of every step.
func (c *StepCache) Requests(pruning.Model) ([]pruning.Request, error) {
	if c.Interval == 1 {
		return nil, nil
	}
	return []pruning.Request{{Site: pruning.DenoiseSite, Probes: []pruning.Probe{noiseProbe}}}, nil
}

// Claims is the choice of what each step does.
func (c *StepCache) Claims(pruning.Model) []pruning.Claim {
	if c.Interval == 1 {
		return nil
	}
	return []pruning.Claim{{Kind: "step", Phase: pruning.Denoise}}
}

// Decide repeats the last prediction in step s.Site.Step+1 unless that is to be evaluated; after
// the last step it decides nothing.
func (c *StepCache) Decide(s pruning.Seen) (pruning.Outcome, error) {
	if s.Denoising == nil {
		return pruning.Outcome{}, fmt.Errorf("stepcache was called without a denoising schedule: it serves diffusion only")
	}
	next := s.Site.Step + 1
	if next >= s.Denoising.Steps {
		return pruning.Outcome{}, nil
	}
	step := &pruning.Step{Action: pruning.RunStep, Basis: pruning.Basis{
		Scores:    pruning.NoScores(len(s.Tokens)),
		Threshold: float32(math.NaN()),
	}}
	since := (next - c.From) % c.Interval
	switch {
	case next < c.From || c.To > 0 && next >= c.To:
		step.Rule = fmt.Sprintf("evaluated: step %d is outside the cached ones", next)
	case since == 0:
		step.Rule = fmt.Sprintf("evaluated: one in %d steps", c.Interval)
	default:
		noise, err := s.Value(noiseProbe)
		if err != nil {
			return pruning.Outcome{}, err
		}
		if err := noise.Finite(noiseProbe); err != nil {
			return pruning.Outcome{}, fmt.Errorf("denoising step %d of %d: %w", s.Site.Step, s.Denoising.Steps, err)
		}
		step.Action, step.Output = pruning.SkipStep, slices.Clone(noise.Data)
		step.Rule = fmt.Sprintf("skipped: the output of step %d again", next-since)
	}
	return pruning.Outcome{Decisions: []pruning.Decision{step}}, nil
}
