package episode

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Validate says in a sentence what is wrong with an episode, naming step and dimension.
func (e *Episode) Validate() error {
	if err := e.ValidateAbout(); err != nil {
		return err
	}
	switch {
	case len(e.Steps) == 0:
		return fmt.Errorf("the episode has no steps; record at least one")
	case len(e.Steps) > MaxSteps:
		return tooLong(len(e.Steps))
	}
	for i := range e.Steps {
		if err := e.validateStep(i); err != nil {
			return err
		}
	}
	return nil
}

func tooLong(steps int) error {
	return fmt.Errorf("the episode has %d steps, the limit is %d; cut it into several", steps, MaxSteps)
}

// ValidateAbout checks everything but the steps.
func (e *Episode) ValidateAbout() error {
	for _, t := range []struct{ what, text string }{
		{"suite", e.Suite}, {"task", e.Task}, {"instruction", e.Instruction},
		{"robot", e.Robot}, {"model", e.Model}, {"method", e.Method},
	} {
		if err := validText(t.text); err != nil {
			return fmt.Errorf("the episode's %s %w", t.what, err)
		}
	}
	switch {
	case strings.TrimSpace(e.Instruction) == "":
		return fmt.Errorf("the episode has no instruction; every dataset names its task in words, so give one")
	case e.FPS < 1 || e.FPS > MaxFPS:
		return fmt.Errorf("the episode says %d control steps a second; fps must lie between 1 and %d", e.FPS, MaxFPS)
	case !(e.Keep >= 0 && e.Keep <= 1):
		return fmt.Errorf("the episode's keep ratio is %v; it must lie between 0 and 1", e.Keep)
	case !e.Started.IsZero() && (e.Started.Year() < 1970 || e.Started.Year() > 2200):
		return fmt.Errorf("the episode started in the year %d; give the time of day it was recorded, or none", e.Started.Year())
	case len(e.Action) == 0:
		return fmt.Errorf("the episode's actions have no dimensions; name at least one")
	case len(e.Cameras) > MaxCameras:
		return fmt.Errorf("the episode has %d cameras, the limit is %d", len(e.Cameras), MaxCameras)
	}
	if err := validDims("state", e.State); err != nil {
		return err
	}
	if err := validDims("action", e.Action); err != nil {
		return err
	}
	return validCameras(e.Cameras)
}

func validDims(vector string, dims []Dim) error {
	if len(dims) > MaxDims {
		return fmt.Errorf("the %s has %d dimensions, the limit is %d", vector, len(dims), MaxDims)
	}
	seen := map[string]int{}
	for i, d := range dims {
		if d.Name == "" {
			return fmt.Errorf("%s dimension %d has no name", vector, i)
		}
		for _, t := range []string{d.Name, d.Unit, d.Frame} {
			if err := validText(t); err != nil {
				return fmt.Errorf("name, unit or frame of %s dimension %d %w", vector, i, err)
			}
		}
		if strings.ContainsAny(d.Name, "\r\n") {
			return fmt.Errorf("the name of %s dimension %d has a line break", vector, i)
		}
		if d.Unit == "" {
			return fmt.Errorf(`%s dimension %d (%s) has no unit; say "1" for a number without one`, vector, i, d.Name)
		}
		if first, twice := seen[d.Name]; twice {
			return fmt.Errorf("%s dimensions %d and %d are both named %s", vector, first, i, d.Name)
		}
		seen[d.Name] = i
		switch d.Kind {
		case Joint, Translation, Rotation, Gripper, Other:
		default:
			return fmt.Errorf("%s dimension %d (%s) is of kind %q; known are joint, translation, rotation, gripper, other", vector, i, d.Name, d.Kind)
		}
	}
	return nil
}

func validCameras(cameras []Camera) error {
	seen := map[string]bool{}
	for i, c := range cameras {
		switch {
		case !identifier(c.Name):
			return fmt.Errorf("camera %d is named %q; use a letter, then letters, digits and _, for the name becomes part of topics and columns", i, c.Name)
		case seen[c.Name]:
			return fmt.Errorf("two cameras are named %s", c.Name)
		case c.Width < 1 || c.Height < 1 || c.Width > MaxSide || c.Height > MaxSide:
			return fmt.Errorf("camera %s has pictures of %d×%d pixels; each side must lie between 1 and %d", c.Name, c.Width, c.Height, MaxSide)
		}
		if err := validText(c.Frame); err != nil {
			return fmt.Errorf("the frame of camera %s %w", c.Name, err)
		}
		seen[c.Name] = true
	}
	return nil
}

// identifier is what both a ROS 2 topic and a dataset's column take as part of a name.
func identifier(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '_')) {
			return false
		}
	}
	return s != "" && len(s) <= 100
}

// validText refuses what a reader in C or a Parquet string could not hold.
func validText(s string) error {
	switch {
	case len(s) > MaxText:
		return fmt.Errorf("is %d bytes long, the limit is %d", len(s), MaxText)
	case !utf8.ValidString(s):
		return fmt.Errorf("is not UTF-8")
	case strings.ContainsRune(s, 0):
		return fmt.Errorf("holds a zero byte")
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
