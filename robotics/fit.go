package robotics

import (
	"fmt"
	"slices"
	"strings"

	"winnow/robotics/policy"
	"winnow/robotics/sim"
)

// handCameras are what suites call the camera at the hand.
var handCameras = []string{"wrist", "gripperPOV"}

// Cameras chooses n of a task's: the usual one, the one at the hand, then the others in the task's
// order; fewer where the task has fewer.
func Cameras(t sim.Task, n int) []string {
	list := slices.Clone(t.Cameras)
	rank := func(c string) int {
		switch {
		case c == t.Cameras[0]:
			return 0
		case slices.Contains(handCameras, c):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b string) int { return rank(a) - rank(b) })
	return list[:min(n, len(list))]
}

// Fit tells in a sentence why a policy cannot act on a task through these cameras; nil if it can.
// An action's numbers are taken to be the task's in its order, and so are those of the state: no
// checkpoint names them.
func Fit(c policy.Config, t sim.Task, cameras []string) error {
	where := t.Suite + " " + t.Name
	if err := Known(t, cameras); err != nil {
		return err
	}
	if len(cameras) != c.Images {
		return fmt.Errorf("the policy looks through %d cameras, and %d were chosen for %s (%s): choose %d of %s",
			c.Images, len(cameras), where, strings.Join(cameras, ", "), c.Images, strings.Join(t.Cameras, ", "))
	}
	if c.Action != len(t.Action) {
		return fmt.Errorf("the policy's actions have %d numbers, %s takes %d (%s): it was trained for another robot; choose a policy trained on this suite",
			c.Action, where, len(t.Action), strings.Join(t.Action, ", "))
	}
	if c.Proprio != 0 && c.Proprio != len(t.Proprio) {
		return fmt.Errorf("the policy reads %d numbers of the robot's state, %s has %d (%s): it was trained for another robot; choose a policy trained on this suite",
			c.Proprio, where, len(t.Proprio), strings.Join(t.Proprio, ", "))
	}
	return nil
}

// Known refuses a camera that a task does not have, and one that is named twice.
func Known(t sim.Task, cameras []string) error {
	for i, c := range cameras {
		if !slices.Contains(t.Cameras, c) {
			return fmt.Errorf("%s %s has no camera %q: choose from %s", t.Suite, t.Name, c, strings.Join(t.Cameras, ", "))
		}
		if slices.Contains(cameras[:i], c) {
			return fmt.Errorf("the camera %s is named twice; name each once", c)
		}
	}
	return nil
}
