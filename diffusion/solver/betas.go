package solver

import (
	"fmt"
	"math"
)

// flowBetas names the schedule whose step t has the signal-to-noise ratio of the flow level
// σ = (t+1)/T, shifted. It is ours, for flow-trained networks under solvers of other families.
const flowBetas = "winnow_flow"

// training is the schedule that a network was trained with.
type training struct {
	betas []float64 // [T]
	alpha []float64 // [T] ᾱ_t
	sigma []float64 // [T] √((1-ᾱ)/ᾱ), increasing
}

// train computes it. tiny is what stands for ᾱ = 0 at the end of a zero-SNR schedule.
func train(c Config, tiny float64) (training, error) {
	betas, err := betasOf(c)
	if err != nil {
		return training{}, err
	}
	if c.ZeroSNR {
		zeroSNR(betas)
	}
	t := training{betas: betas, alpha: cumulative(betas), sigma: make([]float64, len(betas))}
	if c.ZeroSNR {
		t.alpha[len(betas)-1] = tiny
	}
	for i, a := range t.alpha {
		t.sigma[i] = math.Sqrt((1 - a) / a)
	}
	return t, nil
}

func betasOf(c Config) ([]float64, error) {
	T := c.TrainSteps
	if T < 2 {
		return nil, fmt.Errorf("num_train_timesteps is %d: a training schedule has at least 2", T)
	}
	if c.TrainedBetas != nil {
		if len(c.TrainedBetas) != T {
			return nil, fmt.Errorf("trained_betas holds %d numbers, num_train_timesteps is %d: they must be equal", len(c.TrainedBetas), T)
		}
		return append([]float64(nil), c.TrainedBetas...), checkBetas(c.TrainedBetas)
	}
	var betas []float64
	switch c.BetaSchedule {
	case "linear":
		betas = torchLinspace(c.BetaStart, c.BetaEnd, T)
	case "scaled_linear":
		betas = torchLinspace(math.Sqrt(c.BetaStart), math.Sqrt(c.BetaEnd), T)
		for i, b := range betas {
			betas[i] = b * b
		}
	case "squaredcos_cap_v2":
		bar := func(t float64) float64 {
			x := math.Cos((t + 0.008) / 1.008 * math.Pi / 2)
			return x * x
		}
		betas = make([]float64, T)
		for i := range betas {
			betas[i] = min(1-bar(float64(i+1)/float64(T))/bar(float64(i)/float64(T)), 0.999)
		}
	case flowBetas:
		levels := linspace(1/float64(T), 1, T)
		levels[T-1] = (1 + levels[T-2]) / 2 // nearly pure noise: ᾱ stays above 0
		betas = make([]float64, T)
		before := 1.0
		for i, sigma := range shifted(levels, c.Shift) {
			l := flowing(sigma)
			alpha := l.a * l.a / (l.a*l.a + l.s*l.s)
			betas[i] = 1 - alpha/before
			before = alpha
		}
	default:
		return nil, fmt.Errorf("beta_schedule %q is not supported: choose linear, scaled_linear or squaredcos_cap_v2", c.BetaSchedule)
	}
	return betas, checkBetas(betas)
}

func checkBetas(betas []float64) error {
	for t, b := range betas {
		if !(b > 0 && b < 1) {
			return fmt.Errorf("beta %d of the training schedule is %v: betas lie between 0 and 1", t, b)
		}
	}
	return nil
}

// zeroSNR shifts and scales √ᾱ so that the last is 0 and the first stays (Lin et al. 2024, algorithm 1).
func zeroSNR(betas []float64) {
	root := cumulative(betas)
	for i, a := range root {
		root[i] = math.Sqrt(a)
	}
	first, last := root[0], root[len(root)-1]
	for i := range root {
		root[i] = (root[i] - last) * (first / (first - last))
	}
	betas[0] = 1 - root[0]*root[0]
	for i := 1; i < len(root); i++ {
		betas[i] = 1 - (root[i]*root[i])/(root[i-1]*root[i-1])
	}
}

func cumulative(betas []float64) []float64 {
	out := make([]float64, len(betas))
	product := 1.0
	for i, b := range betas {
		product *= 1 - b
		out[i] = product
	}
	return out
}
