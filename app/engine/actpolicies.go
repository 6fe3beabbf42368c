package engine

import (
	"time"

	"winnow/app/policies"
	"winnow/internal/compute"
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

// openPolicy loads a policy onto a device.
func openPolicy(key policyKey, open func(id string, threads int) (compute.Backend, string, error)) (*policyOf, error) {
	started := time.Now()
	found, err := policies.Find(key.name)
	if err != nil {
		return nil, err
	}
	p := &policyOf{title: found.Title, file: found.File}
	if p.backend, p.notice, err = open(key.device, key.threads); err != nil {
		return nil, err
	}
	if p.Policy, err = found.Open(p.backend); err != nil {
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
