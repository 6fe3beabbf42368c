package solver

import (
	"fmt"
	"slices"
	"strings"
)

// solverNames, in the order in which a list shows them.
var solverNames = []string{"flow-euler", "ddim", "euler", "euler-karras", "dpm++2m", "dpm++2m-karras", "dpm++3m", "unipc"}

// Names lists the solvers by the names that people use.
func Names() []string { return slices.Clone(solverNames) }

func namesText() string { return strings.Join(solverNames, ", ") }

// Suits lists those of Names that a network with this config can be solved with.
func (c Config) Suits() []string {
	if c.flowTrained() {
		return Names()
	}
	return Names()[1:]
}

func (c Config) flowTrained() bool {
	return c.Class == Flow || c.Prediction == Velocity || c.FlowNetwork
}

// Named is the config of a solver by name for the network that trained came with: its training
// schedule and prediction are kept, as diffusers' from_config keeps them. A flow-trained network
// serves the other families through the map of flownet.go, on a schedule of its own.
func Named(name string, trained Config) (Config, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	class, ok := map[string]string{"flow-euler": Flow, "ddim": DDIM, "euler": Euler, "euler-karras": Euler,
		"dpm++2m": DPM, "dpm++2m-karras": DPM, "dpm++3m": DPM, "unipc": UniPC}[name]
	if !ok {
		return Config{}, fmt.Errorf("there is no solver %q: choose one of %s", name, namesText())
	}
	if class == Flow {
		if !trained.flowTrained() {
			return Config{}, fmt.Errorf("flow-euler needs a network trained for flow matching; this one came with %s: choose one of %s",
				trained.Class, strings.Join(trained.Suits(), ", "))
		}
		if trained.Class == Flow {
			return trained, nil
		}
		c := Default(Flow)
		if trained.FlowSigmas {
			c.Shift = trained.FlowShift
		}
		return c, nil
	}
	var c Config
	if trained.flowTrained() {
		c = mapped(class, trained)
	} else {
		var err error
		if c, err = trained.As(class); err != nil {
			return Config{}, err
		}
	}
	karras := strings.HasSuffix(name, "-karras")
	c.Karras, c.Exponential, c.Beta, c.LuLambdas, c.FlowSigmas = karras, false, false, false, false
	switch name {
	case "dpm++2m", "dpm++2m-karras":
		c.Algorithm, c.Order = "dpmsolver++", 2
	case "dpm++3m":
		c.Algorithm, c.Order = "dpmsolver++", 3
	}
	if c.FlowNetwork && karras {
		low, high := 0.03, 80.0 // from the flow's own end on, half the Karras levels would be pure noise
		c.SigmaMin, c.SigmaMax = &low, &high
	}
	return c, nil
}

// mapped is the schedule on which a flow-trained network serves another family: the noise levels
// of the flow itself, with its fixed shift (a dynamic one belongs to a run), so that equal steps
// are equal steps of its σ and every solver begins in pure noise (trailing) and reaches the same
// picture.
func mapped(class string, trained Config) Config {
	c := Default(class)
	c.FlowNetwork, c.BetaSchedule, c.Spacing, c.Clip = true, flowBetas, "trailing", false
	c.TrainSteps, c.Shift = trained.TrainSteps, trained.Shift
	if trained.Class != Flow && trained.FlowSigmas {
		c.Shift = trained.FlowShift
	}
	return c
}
