package cli

import (
	"regexp"

	"winnow/internal/trace"
)

// compute says where a run happens.
type compute struct {
	Device  string `default:"auto" placeholder:"auto" help:"auto, cpu, vulkan:0, cuda:0, metal:0 or ref; winnow devices lists them."`
	Threads int    `placeholder:"N" help:"Processor threads. Default: one a physical core."`
}

var deviceForm = regexp.MustCompile(`^(auto|cpu|ref|(vulkan|cuda|metal)(:[0-9]+)?)$`)

func (c compute) check() error {
	if !deviceForm.MatchString(c.Device) {
		return usagef("there is no device %q; choose from those that `winnow devices` lists", c.Device)
	}
	if c.Threads < 0 || c.Threads > 1024 {
		return usagef("--threads is %d; it takes a number from 1 to 1024, or 0 for one a physical core", c.Threads)
	}
	return nil
}

// sampling says how the next token is chosen.
type sampling struct {
	Temperature float64 `default:"0" placeholder:"0" help:"0 always takes the likeliest token; higher is more varied."`
	TopP        float64 `default:"1" placeholder:"1" help:"Choose among the likeliest tokens that have this share of the probability."`
	Seed        uint64  `default:"0" placeholder:"0" help:"The same seed gives the same answer."`
	MaxTokens   int     `default:"${tokens}" placeholder:"N" help:"End an answer after this many tokens. Default: ${tokens}."`
}

func (s sampling) check() (trace.Sampling, error) {
	switch {
	case !(s.Temperature >= 0 && s.Temperature <= 100):
		return trace.Sampling{}, usagef("--temperature is %g; it takes a number from 0 to 100", s.Temperature)
	case !(s.TopP > 0 && s.TopP <= 1):
		return trace.Sampling{}, usagef("--top-p is %g; it takes a number above 0, up to 1", s.TopP)
	case s.MaxTokens < 1 || s.MaxTokens > 1<<20:
		return trace.Sampling{}, usagef("--max-tokens is %d; it takes a number from 1 to %d", s.MaxTokens, 1<<20)
	}
	return trace.Sampling{Temperature: s.Temperature, TopP: s.TopP, Seed: s.Seed, MaxTokens: s.MaxTokens}, nil
}
