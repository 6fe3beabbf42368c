package catalogue

import (
	"strings"
	"testing"

	"winnow/pruning"
)

// TestTokensNeuronsAndKVStack: core tokens and core neurons go with ZipVL's cache, zeroed rows do
// not.
func TestTokensNeuronsAndKVStack(t *testing.T) {
	model := pruning.Model{Layers: 6, Hidden: 192, Heads: 3, KVHeads: 3, HeadDim: 64, FFN: 512, Activation: "silu", Gated: true}
	stack := func(texts ...string) error {
		var specs []pruning.Spec
		for _, text := range texts {
			s, err := pruning.ParseSpec(text)
			if err != nil {
				t.Fatal(err)
			}
			specs = append(specs, s)
		}
		_, err := pruning.Stack(specs, model)
		return err
	}
	for _, texts := range [][]string{
		{"corematching", "zipvl,kv=mixed"},
		{"corematching", "zipvl,kv=evict"},
		{"zipvl,kv=mixed", "corematching"},
		{"corematching", "zipvl,kv=keep"},
		{"fastv", "corematching,tokens=false", "zipvl"},
		{"corematching,mode=release,last=2", "zipvl,first=3"},
		{"corematching,mode=release", "zipvl,kv=keep"},
		{"corematching,mode=release", "zipvl,tau=1"},
		{"zipvl,last=2", "zipvl,first=3,kv=mixed"},
	} {
		if err := stack(texts...); err != nil {
			t.Errorf("%v: %v", texts, err)
		}
	}
	for want, texts := range map[string][]string{
		"CoreMatching would zero cached rows and ZipVL choose the storage of cached rows in layer 1 during decode, but packed rows": {"corematching,mode=release", "zipvl,kv=mixed"},
		"CoreMatching would mask cached rows and ZipVL choose the storage of cached rows in layer 1 during decode, but packed rows": {"corematching,mode=release,cached=mask", "zipvl,kv=mixed"},
		"CoreMatching would zero cached rows and ZipVL evict cached rows in layer 1 during decode, but a zeroed row must stay":      {"corematching,mode=release", "zipvl,kv=evict"},
		"ZipVL would evict cached rows and CoreMatching zero cached rows in layer 1 during decode, but a zeroed row must stay":      {"zipvl,kv=evict", "corematching,mode=release"},
		"ZipVL and ZipVL both exclude rows from attention in layer 0 during prefill":                                                {"zipvl", "zipvl"},
	} {
		if err := stack(texts...); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), "remove one, or give it another layer") {
			t.Errorf("%v: error %v, want one that says %q", texts, err, want)
		}
	}
}
