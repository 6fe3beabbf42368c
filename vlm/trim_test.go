package vlm

import (
	"context"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/vlm/kv"
)

// What eviction and packing leave unused is given back, and a session serves on after it.
func TestMemoryIsGivenBack(t *testing.T) {
	m := openBuiltIn(t)
	if m.Backend.Device().Threads == 0 {
		t.Skip("packed entries are read on the processor")
	}
	// Wide enough rows make trimming worth it also on the built-in model.
	c := kv.New(m.Backend, 1, 4, 256, compute.F32)
	defer c.Free()
	if err := c.Reserve(0, 1, 2000); err != nil {
		t.Fatal(err)
	}
	used := m.Backend.MemoryUsed()
	if !c.Trimmable(0, 10) {
		t.Fatal("an empty layer with room for 2000 entries is not trimmable")
	}
	if err := c.Trim(0, 10); err != nil {
		t.Fatal(err)
	}
	if now := m.Backend.MemoryUsed(); used-now < 2*4*1024*1500 || c.Trimmable(0, 10) || !c.Room(0, 1, 256) || c.Room(0, 1, 257) {
		t.Errorf("trimming left %d of %d bytes", now, used)
	}

	p := samplePrompt(t, m, "What is in the picture?")
	for len(p.Tokens) < 1900 { // a prompt long enough to be trimmed
		p.add(pruning.Token{Kind: pruning.Text, Part: pruning.User, ID: 300 + len(p.Tokens)%50})
	}
	s := m.NewSession(compute.F32)
	defer s.Close()
	answer := func(specs ...string) string {
		s.Reset()
		d, err := s.Generate(context.Background(), p, stackOf(t, m, specs...), trace.Sampling{MaxTokens: 6}, trace.Pruned, nothing)
		if err != nil {
			t.Fatal(err)
		}
		return d.Answer
	}
	dense := answer()
	before := m.Backend.MemoryUsed()
	packed := answer("zipvl,kv=mixed,tau=1,bits_important=8")
	after := m.Backend.MemoryUsed()
	if after >= before {
		t.Errorf("after packing %d bytes are used, before %d", after, before)
	}
	if again := answer(); again != dense {
		t.Errorf("dense after packing: %q, before %q", again, dense)
	}
	t.Logf("dense %q, packed %q; %d then %d bytes", dense, packed, before, after)
}
