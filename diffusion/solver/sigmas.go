package solver

import (
	"fmt"
	"math"
)

// linspace is numpy's, to the last bit: n numbers from start to stop.
func linspace(start, stop float64, n int) []float64 {
	out := make([]float64, n)
	step := (stop - start) / float64(n-1)
	for i := range out {
		out[i] = start
		if n > 1 {
			out[i] += float64(float64(i) * step)
		}
	}
	if n > 1 {
		out[n-1] = stop
	}
	return out
}

// torchLinspace counts the second half from the end.
func torchLinspace(start, stop float64, n int) []float64 {
	out := make([]float64, n)
	step := (stop - start) / float64(n-1)
	for i := range out {
		switch {
		case n == 1:
			out[i] = start
		case i < n/2:
			out[i] = start + step*float64(i)
		default:
			out[i] = stop - step*float64(n-1-i)
		}
	}
	return out
}

// at reads a table at a fractional index, its ends beyond it.
func at(table []float64, t float64) float64 {
	last := len(table) - 1
	if t <= 0 {
		return table[0]
	}
	if t >= float64(last) {
		return table[last]
	}
	i := int(t)
	return table[i] + (t-float64(i))*(table[i+1]-table[i])
}

// timeOf is the fractional training step of a noise level: linear in ln σ.
func (t training) timeOf(sigma float64) float64 {
	log := math.Log(max(sigma, 1e-10))
	n := len(t.sigma)
	low := n - 2
	if log < math.Log(t.sigma[n-1]) { // zero SNR may leave the last levels out of order: look from the end
		for low > 0 && math.Log(t.sigma[low]) > log {
			low--
		}
	}
	a, b := math.Log(t.sigma[low]), math.Log(t.sigma[low+1])
	w := min(max((a-log)/(a-b), 0), 1)
	return (1-w)*float64(low) + w*float64(low+1)
}

func (t training) timesOf(sigmas []float64) []float64 {
	out := make([]float64, len(sigmas))
	for i, s := range sigmas {
		out[i] = t.timeOf(s)
	}
	return out
}

// remap replaces a schedule that runs from high to low by one of n levels between the same ends
// (or those of the config): Karras, exponential or beta. It tells whether the config asks for one.
func (c Config) remap(high, low float64, n int) ([]float64, bool) {
	if c.SigmaMax != nil {
		high = *c.SigmaMax
	}
	if c.SigmaMin != nil {
		low = *c.SigmaMin
	}
	switch {
	case c.Karras:
		return karras(high, low, n), true
	case c.Exponential:
		return exponential(high, low, n), true
	case c.Beta:
		return betaLevels(high, low, n), true
	}
	return nil, false
}

// karras: σ_i = (σmax^⅐ + i/(n-1)·(σmin^⅐ - σmax^⅐))⁷ (Karras et al. 2022, equation 5).
func karras(high, low float64, n int) []float64 {
	const rho = 7
	a, b := math.Pow(high, 1.0/rho), math.Pow(low, 1.0/rho)
	out := linspace(0, 1, n)
	for i, ramp := range out {
		out[i] = math.Pow(a+ramp*(b-a), rho)
	}
	return out
}

// exponential: equal steps of ln σ.
func exponential(high, low float64, n int) []float64 {
	out := linspace(math.Log(high), math.Log(low), n)
	for i, v := range out {
		out[i] = math.Exp(v)
	}
	return out
}

// betaLevels: equal steps of probability under Beta(0.6, 0.6) (Lee et al. 2024).
func betaLevels(high, low float64, n int) []float64 {
	out := linspace(0, 1, n)
	for i, v := range out {
		out[i] = low + betaQuantile(1-v, 0.6)*(high-low)
	}
	return out
}

// betaQuantile inverts the distribution function of Beta(a, a) by bisection.
func betaQuantile(p, a float64) float64 {
	if p <= 0 || p >= 1 {
		return min(max(p, 0), 1)
	}
	if p > 0.5 { // symmetric; the series below converges for x up to ½
		return 1 - betaQuantile(1-p, a)
	}
	// In y = x^a the function is nearly straight at 0, so that small quantiles keep their digits.
	low, high := 0.0, math.Pow(0.5, a)
	for range 200 {
		y := (low + high) / 2
		if y == low || y == high {
			break
		}
		if betaCDF(math.Pow(y, 1/a), a) < p {
			low = y
		} else {
			high = y
		}
	}
	return math.Pow((low+high)/2, 1/a)
}

// betaCDF is I_x(a, a) = x^a/B(a,a) · Σ_k (1-a)_k x^k / (k! (a+k)), for x up to ½.
func betaCDF(x, a float64) float64 {
	sum, term := 0.0, 1.0
	for k := 0; ; k++ {
		add := term / (a + float64(k))
		sum += add
		if math.Abs(add) < 1e-18*sum {
			break
		}
		term *= (float64(k) + 1 - a) / float64(k+1) * x
	}
	return math.Pow(x, a) * sum * math.Gamma(2*a) / (math.Gamma(a) * math.Gamma(a))
}

// shifted moves flow levels towards noise: k·σ / (1 + (k-1)·σ).
func shifted(sigmas []float64, k float64) []float64 {
	out := make([]float64, len(sigmas))
	for i, s := range sigmas {
		out[i] = float64(k*s) / (1 + float64((k-1)*s))
	}
	return out
}

// dynamic shifts by mu: k / (k + 1/σ - 1), k = e^mu or mu itself.
func (c Config) dynamic(sigmas []float64, mu float64) []float64 {
	k := mu
	if c.ShiftType == "exponential" {
		k = math.Exp(mu)
	}
	out := make([]float64, len(sigmas))
	for i, s := range sigmas {
		out[i] = k / (k + (1/s - 1))
	}
	return out
}

// stretched scales 1-σ so that the last level is shift_terminal, if the config has one.
func (c Config) stretched(sigmas []float64) ([]float64, error) {
	if c.Terminal == nil || *c.Terminal == 0 {
		return sigmas, nil
	}
	scale := (1 - sigmas[len(sigmas)-1]) / (1 - *c.Terminal)
	if scale == 0 {
		return nil, fmt.Errorf("shift_terminal has nothing to stretch in a schedule that stays at noise level 1: take more steps")
	}
	out := make([]float64, len(sigmas))
	for i, s := range sigmas {
		out[i] = 1 - (1-s)/scale
	}
	return out, nil
}
