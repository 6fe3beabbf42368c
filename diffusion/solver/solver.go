package solver

import (
	"fmt"
	"math"
	"slices"
)

// Solver is a checked config with its training schedule. It does not change and may serve any
// number of runs at once.
type Solver struct {
	c Config
	t training
	m method
}

// method is one family.
type method interface {
	// check refuses what the family cannot do.
	check(c Config) error
	// start fills the schedule of a run: Timesteps, Sigmas, levels.
	start(r *Run, p Plan) error
	// noisy tells whether step i adds fresh noise.
	noisy(r *Run, i int) bool
	// step moves x from level i to i+1. clean, if not nil, takes the place of what output says.
	// It returns the next state and the clean estimate that it used.
	step(r *Run, i int, x, output, clean, noise []float64) (next, used []float64)
}

// New checks a config and computes its training schedule.
func New(c Config) (*Solver, error) {
	s := &Solver{c: c}
	tiny := math.Pow(2, -24) // the smallest half: the first sigma stays finite
	switch c.Class {
	case DDIM:
		s.m, tiny = ddim{}, 0
	case Euler:
		s.m = euler{}
	case DPM:
		s.m = dpm{}
	case UniPC:
		s.m = unipc{}
	case Flow:
		s.m = flow{}
	default:
		return nil, fmt.Errorf("the scheduler %s is not supported: choose one of %s by name, or a config of %s, %s, %s, %s or %s",
			c.Class, namesText(), DDIM, Euler, DPM, UniPC, Flow)
	}
	if err := c.checkCommon(); err != nil {
		return nil, err
	}
	if err := s.m.check(c); err != nil {
		return nil, err
	}
	if c.Class != Flow {
		var err error
		if s.t, err = train(c, tiny); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Config is what the solver was made of.
func (s *Solver) Config() Config { return s.c }

func (c Config) checkCommon() error {
	remaps := 0
	for _, on := range []bool{c.Karras, c.Exponential, c.Beta} {
		if on {
			remaps++
		}
	}
	if remaps > 1 && c.Class != DDIM {
		return fmt.Errorf("use_karras_sigmas, use_exponential_sigmas and use_beta_sigmas exclude each other: set one")
	}
	if c.TrainSteps < 2 {
		return fmt.Errorf("num_train_timesteps is %d: a training schedule has at least 2", c.TrainSteps)
	}
	if c.Class != Flow {
		if !slices.Contains([]string{Epsilon, VPredict, Sample, Velocity}, c.Prediction) {
			return fmt.Errorf("prediction_type %q is not supported: choose %s, %s, %s or %s", c.Prediction, Epsilon, VPredict, Sample, Velocity)
		}
		if c.Prediction == Velocity && !c.flowState() {
			return fmt.Errorf("%s with %s needs use_flow_sigmas (DPM-Solver, UniPC) or the class %s", c.Class, Velocity, Flow)
		}
	}
	if c.FlowNetwork && c.flowState() {
		return fmt.Errorf("%s keeps its states for flow matching already: switch FlowNetwork off", c.Class)
	}
	if c.Final != "zero" && c.Final != "sigma_min" {
		return fmt.Errorf("final_sigmas_type %q is not supported: choose zero or sigma_min", c.Final)
	}
	if c.ShiftType != "exponential" && c.ShiftType != "linear" {
		return fmt.Errorf("time_shift_type %q is not supported: choose exponential or linear", c.ShiftType)
	}
	if c.Threshold && !(c.Ratio >= 0 && c.Ratio <= 1) {
		return fmt.Errorf("dynamic_thresholding_ratio is %v: it is a share between 0 and 1", c.Ratio)
	}
	for name, v := range map[string]*float64{"sigma_min": c.SigmaMin, "sigma_max": c.SigmaMax} {
		if v != nil && !(*v > 0) {
			return fmt.Errorf("%s is %v: noise levels are above 0", name, *v)
		}
	}
	return nil
}
