package robotics

import (
	"fmt"
	"strings"

	"winnow/robotics/sim"
	"winnow/robotics/sim/suites"
)

// Find looks a task up; "-v3" at the end of its name, as Meta-World writes it, may be there or not.
// It needs no simulator. The error lists the names that there are.
func Find(suite, name string) (sim.Task, error) {
	if suite == "" {
		return sim.Task{}, fmt.Errorf("no suite was chosen: choose %s", strings.Join(suites.Names(), " or "))
	}
	tasks, err := suites.Tasks(suite)
	if err != nil {
		return sim.Task{}, err
	}
	var names []string
	for _, t := range tasks {
		if t.Name == strings.TrimSuffix(name, "-v3") {
			return t, nil
		}
		names = append(names, t.Name)
	}
	list := strings.Join(names, ", ")
	if name == "" {
		return sim.Task{}, fmt.Errorf("no task was chosen: %s has %s", suite, list)
	}
	return sim.Task{}, fmt.Errorf("%s has no task %q: choose from %s", suite, name, list)
}
