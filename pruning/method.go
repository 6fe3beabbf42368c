package pruning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Method decides what a model can do without. Implementations are small structs whose fields
// are their parameters; see params.go for the tags.
type Method interface {
	// Requests lists the sites at which the method decides on such a model, in the order they
	// are reached. An error is a sentence saying why the method cannot serve this model.
	Requests(m Model) ([]Request, error)
	// Decide is pure: the same Seen gives the same outcome.
	Decide(s Seen) (Outcome, error)
	// Claims lists what the method may change, so that a stack with a conflict is refused
	// before the run.
	Claims(m Model) []Claim
}

// Claim is one thing a method changes: two methods must not claim the same kind in the same
// layer and phase, but for evictions, whose union is evicted; nor kinds that rule each other out
// (see conflicts). The phase is the one that feels it: Prefill for Drop, Decode for cached rows
// and for Neurons that serve decoding.
type Claim struct {
	Kind  string // a Decision's Kind
	Phase Phase
	Layer int
}

// claimTexts completes "A and B both …".
var claimTexts = map[string]string{
	"drop": "drop rows", "skip": "skip rows", "exclude": "exclude rows from attention",
	"mask": "mask cached rows", "zero": "zero cached rows", "evict": "evict cached rows",
	"reweigh": "reweigh attention", "merge": "merge rows", "store": "choose the storage of cached rows", "neurons": "choose the FFN neurons",
	"blocks": "choose the attention blocks", "logits": "edit the logits", "step": "choose the denoising step",
}

// conflicts are kinds that two methods must not claim in the same layer and phase, and why.
var conflicts = []struct{ one, other, why string }{
	{"store", "zero", packedRows},
	{"store", "mask", packedRows},
	{"store", "reweigh", packedRows},
	{"store", "merge", packedRows},
	{"evict", "zero", "a zeroed row must stay in the cache to take its share of attention"},
	{"exclude", "skip", "a row that skips the layer is not in its attention to be left out of it"},
}

const packedRows = "packed rows are neither changed nor looked at one by one"

// Provenance says where our knowledge of a method comes from.
type Provenance string

// The provenances.
const (
	AuthorsCode    Provenance = "authors' code"
	FromPaper      Provenance = "paper"
	Reconstruction Provenance = "reconstruction"
	Baseline       Provenance = "baseline"
)

// Info describes a method to people.
type Info struct {
	Name  string // what a command line takes: corematching
	Title string // CoreMatching
	Paper string // authors, venue, arXiv
	// Removes says what and when: "visual tokens after an early layer; FFN neurons while decoding".
	Removes    string
	Stages     []Phase
	Provenance Provenance
	// Needs names trained weights or calibration, or is empty.
	Needs string
	// Budget names the parameter that says how much is kept, the higher the more; a sweep and the
	// keep-ratio slider move it. Empty where there is none.
	Budget string
}

type entry struct {
	info Info
	make func() Method
}

var (
	registryMu sync.RWMutex
	registry   = map[string]entry{}
)

// Register adds a method; its package calls it from init. make returns a pointer to a struct
// with tagged fields; its values do not matter, the tags' defaults are set.
func Register(info Info, make func() Method) {
	if err := setParams(info.Name, make(), nil); err != nil {
		panic("pruning: a default is outside its own declaration: " + err.Error())
	}
	registryMu.Lock()
	defer registryMu.Unlock()
	if _, twice := registry[info.Name]; twice {
		panic("pruning: method " + info.Name + " is registered twice")
	}
	registry[info.Name] = entry{info, make}
}

// Infos lists the registered methods by name.
func Infos() []Info {
	registryMu.RLock()
	defer registryMu.RUnlock()
	var out []Info
	for _, e := range registry {
		out = append(out, e.info)
	}
	slices.SortFunc(out, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Acts reports whether the method serves robot policies.
func (i Info) Acts() bool { return slices.Contains(i.Stages, Act) }

// Denoises reports whether the method serves drawings.
func (i Info) Denoises() bool { return slices.Contains(i.Stages, Denoise) }

// Answering lists the registered methods that serve answers, by name.
func Answering() []Info {
	return slices.DeleteFunc(Infos(), func(i Info) bool { return i.Denoises() || i.Acts() })
}

// Spec names a method with the parameters that differ from its defaults.
type Spec struct {
	Name   string            `json:"name"`
	Params map[string]string `json:"params,omitempty"`
}

// ParseSpec reads "name,key=value,key=value"; String is its inverse.
func ParseSpec(s string) (Spec, error) {
	parts := strings.Split(s, ",")
	spec := Spec{Name: strings.TrimSpace(parts[0]), Params: map[string]string{}}
	if spec.Name == "" {
		return Spec{}, fmt.Errorf("%q names no method; write it as name,key=value", s)
	}
	for _, p := range parts[1:] {
		k, v, ok := strings.Cut(p, "=")
		k = strings.TrimSpace(k)
		if !ok || k == "" {
			return Spec{}, fmt.Errorf("%q in method %q is not key=value", p, s)
		}
		if _, twice := spec.Params[k]; twice {
			return Spec{}, fmt.Errorf("method %q gives %s twice; leave one", s, k)
		}
		spec.Params[k] = strings.TrimSpace(v)
	}
	return spec, nil
}

func (s Spec) String() string {
	var b strings.Builder
	b.WriteString(s.Name)
	keys := make([]string, 0, len(s.Params))
	for k := range s.Params {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b.WriteString("," + k + "=" + s.Params[k])
	}
	return b.String()
}

// New makes a method with its parameters checked against their declaration.
func New(spec Spec) (Method, Info, error) {
	registryMu.RLock()
	e, ok := registry[spec.Name]
	registryMu.RUnlock()
	if !ok {
		var names []string
		for _, i := range Infos() {
			names = append(names, i.Name)
		}
		return nil, Info{}, fmt.Errorf("there is no method %q; choose from %s", spec.Name, strings.Join(names, ", "))
	}
	m := e.make()
	if err := setParams(spec.Name, m, spec.Params); err != nil {
		return nil, Info{}, err
	}
	return m, e.info, nil
}

// Stacked is a method in a run.
type Stacked struct {
	Spec   Spec
	Info   Info
	Method Method
}

// Stack makes the methods of a run in the order they act. It refuses a method that cannot serve
// the model and two methods whose claims conflict; one method may claim what it likes.
func Stack(specs []Spec, model Model) ([]Stacked, error) {
	var out []Stacked
	owner := map[Claim]int{} // the first that claimed it
	for i, spec := range specs {
		m, info, err := New(spec)
		if err != nil {
			return nil, err
		}
		if _, err := m.Requests(model); err != nil {
			return nil, err
		}
		for _, c := range m.Claims(model) {
			other, taken := owner[c]
			if taken && other != i && c.Kind != "evict" {
				return nil, fmt.Errorf("%s and %s both %s in layer %d during %v; remove one, or give it another layer",
					out[other].Info.Title, info.Title, claimText(c.Kind), c.Layer, c.Phase)
			}
			for _, x := range conflicts {
				kind := x.other
				if c.Kind == x.other {
					kind = x.one
				} else if c.Kind != x.one {
					continue
				}
				if other, taken := owner[Claim{kind, c.Phase, c.Layer}]; taken && other != i {
					return nil, fmt.Errorf("%s would %s and %s %s in layer %d during %v, but %s; remove one, or give it another layer",
						out[other].Info.Title, claimText(kind), info.Title, claimText(c.Kind), c.Layer, c.Phase, x.why)
				}
			}
			if !taken {
				owner[c] = i
			}
		}
		out = append(out, Stacked{spec, info, m})
	}
	return out, nil
}

func claimText(kind string) string { return cmp.Or(claimTexts[kind], "claim "+kind) }
