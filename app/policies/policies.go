package policies

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	builtin "winnow/assets/models"
	"winnow/internal/compute"
	"winnow/internal/tensors"
	"winnow/internal/trace"
	"winnow/robotics/policy"
)

// Policy is one that was found. Title is what people call it, File what a trace does.
type Policy struct {
	Title, File string
	// BuiltIn is its name where it is inside the program.
	BuiltIn string
	// Open puts it onto a device.
	Open func(compute.Backend) (*policy.Policy, error)
}

// builtIns lists what is inside the program, the default first.
var builtIns = builtin.Policies()

// BuiltIns lists the policies inside the program, the default first.
func BuiltIns() []builtin.Policy { return builtIns }

// Find finds a policy by the name of a built-in one ("": the default), or by its folder. The error
// says what there is.
func Find(name string) (Policy, error) {
	for _, m := range builtIns {
		if name == "" || m.Name == name {
			return Policy{Title: m.Title, File: m.Name, BuiltIn: m.Name, Open: func(b compute.Backend) (*policy.Policy, error) {
				return policy.OpenFS(m.Files, m.Name, b, tensors.AsStored)
			}}, nil
		}
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\`):
		known := []string{trace.Expert}
		for _, m := range builtIns {
			known = append(known, m.Name)
		}
		return Policy{}, fmt.Errorf("there is no policy %q, and no such folder; choose %s, or a folder with a checkpoint of CogVLA, OpenVLA-OFT or OpenVLA", name, strings.Join(known, ", "))
	case errors.Is(err, fs.ErrNotExist):
		return Policy{}, fmt.Errorf("there is no folder %s; check the path", name)
	case err != nil:
		return Policy{}, fmt.Errorf("the folder %s cannot be read: %w", name, err)
	case !info.IsDir():
		return Policy{}, fmt.Errorf("%s is a file; a policy is a folder with config.json and safetensors in it", name)
	}
	title := filepath.Base(name)
	if whole, err := filepath.Abs(name); err == nil {
		title = filepath.Base(whole) // of "." too
	}
	return Policy{Title: title, File: title, Open: func(b compute.Backend) (*policy.Policy, error) {
		return policy.Open(name, b, tensors.AsStored)
	}}, nil
}
