package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	builtin "winnow/assets/models"
	"winnow/internal/compute"
	"winnow/internal/tensors"
	"winnow/internal/trace"
	"winnow/robotics/policy"
)

// expertTitle is what people call the scripted expert.
const expertTitle = "Scripted expert"

// policyKey tells policies on devices apart.
type policyKey struct {
	name, device string
	threads      int
}

func keyOf(name string, r trace.Request) policyKey { return policyKey{name, r.Device, r.Threads} }

// policyOf is a policy that is loaded, on a device of its own.
type policyOf struct {
	*policy.Policy
	title, file string
	backend     compute.Backend
	notice      string // why the device is not what auto hoped for
	loadMS      float64
}

func (p *policyOf) close() {
	p.Policy.Close()
	p.backend.Close()
}

// policyFiles is where a policy lies.
type policyFiles struct {
	title, file string
	open        func(compute.Backend) (*policy.Policy, error)
}

// builtInPolicies lists what is inside the program, the default first.
var builtInPolicies = builtin.Policies()

func findPolicy(name string) (builtin.Policy, bool) {
	for _, p := range builtInPolicies {
		if name == "" || p.Name == name {
			return p, true
		}
	}
	return builtin.Policy{}, false
}

// resolvePolicy finds a policy: built in, or a folder.
func resolvePolicy(name string) (policyFiles, error) {
	if m, ok := findPolicy(name); ok {
		return policyFiles{m.Title, m.Name, func(b compute.Backend) (*policy.Policy, error) {
			return policy.OpenFS(m.Files, m.Name, b, tensors.AsStored)
		}}, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\`):
		known := []string{trace.Expert}
		for _, m := range builtInPolicies {
			known = append(known, m.Name)
		}
		return policyFiles{}, fmt.Errorf("there is no policy %q, and no such folder; choose %s, or a folder with a checkpoint of CogVLA or OpenVLA-OFT", name, strings.Join(known, ", "))
	case errors.Is(err, fs.ErrNotExist):
		return policyFiles{}, fmt.Errorf("there is no folder %s; check the path", name)
	case err != nil:
		return policyFiles{}, fmt.Errorf("the folder %s cannot be read: %w", name, err)
	case !info.IsDir():
		return policyFiles{}, fmt.Errorf("%s is a file; a policy is a folder with config.json and safetensors in it", name)
	}
	title := filepath.Base(name)
	if whole, err := filepath.Abs(name); err == nil {
		title = filepath.Base(whole) // of "." too
	}
	return policyFiles{title, title, func(b compute.Backend) (*policy.Policy, error) {
		return policy.Open(name, b, tensors.AsStored)
	}}, nil
}

// openPolicy loads a policy onto a device.
func openPolicy(key policyKey, open func(id string, threads int) (compute.Backend, string, error)) (*policyOf, error) {
	started := time.Now()
	files, err := resolvePolicy(key.name)
	if err != nil {
		return nil, err
	}
	p := &policyOf{title: files.title, file: files.file}
	if p.backend, p.notice, err = open(key.device, key.threads); err != nil {
		return nil, err
	}
	if p.Policy, err = files.open(p.backend); err != nil {
		p.backend.Close()
		return nil, err
	}
	p.loadMS = since(started)
	return p, nil
}

// describe is the policy as a trace has it.
func (p *policyOf) describe() trace.Model {
	l, d := p.Config.Language, p.backend.Device()
	return trace.Model{Name: p.title, File: p.file, Layers: l.Layers, Hidden: l.Hidden, Heads: l.Heads, KVHeads: l.KVHeads, FFN: l.Inner,
		Vocabulary: l.Vocabulary, Parameters: p.parameters(), Types: p.Set.Main.String(), Device: d.ID, Backend: d.Backend, Threads: d.Threads}
}

// parameters counts the token embeddings, too, which lie on no device.
func (p *policyOf) parameters() int64 {
	l := p.Config.Language
	return p.Set.Parameters + int64(l.Vocabulary)*int64(l.Hidden)
}
