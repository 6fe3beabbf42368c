package vlm

import (
	"context"
	"os"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/models"
	"winnow/internal/trace"
	"winnow/pruning"
)

func openSmol(b testing.TB) *Model {
	path, err := models.Path("smollm2-135m")
	if err != nil {
		b.Skip(err)
	}
	be, _, err := device.Open("cpu", benchThreads())
	if err != nil {
		b.Skip(err)
	}
	f, err := OpenFiles(path, "")
	if err != nil {
		b.Fatal(err)
	}
	m, err := Load(f, be)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close(); be.Close() })
	return m
}

func textPrompt(m *Model, n int) *Prompt {
	p := &Prompt{}
	for i := range n {
		p.add(pruning.Token{Kind: pruning.Text, ID: 1000 + i*7%2000})
	}
	return p
}

func BenchmarkSmolPrefill512(b *testing.B) {
	m := openSmol(b)
	s := m.NewSession(compute.F16)
	defer s.Close()
	p := textPrompt(m, 512)
	for b.Loop() {
		s.Reset()
		if err := s.Prefill(context.Background(), p, nil, 0, trace.Dense, nothing); err != nil {
			b.Fatal(err)
		}
	}
	_ = os.Args
}

func BenchmarkSmolDecode(b *testing.B) {
	m := openSmol(b)
	s := m.NewSession(compute.F16)
	defer s.Close()
	if err := s.Prefill(context.Background(), textPrompt(m, 512), nil, 0, trace.Dense, nothing); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		if n++; n%64 == 0 {
			b.StopTimer()
			s.Reset()
			s.Prefill(context.Background(), textPrompt(m, 512), nil, 0, trace.Dense, nothing)
			b.StartTimer()
		}
		if err := s.Step(context.Background(), 1000+n%64); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSpritesPrefill(b *testing.B) {
	m := openBuiltIn(b)
	s := m.NewSession(compute.F16)
	defer s.Close()
	p := samplePrompt(b, m, "Is there a sheep?")
	for b.Loop() {
		s.Reset()
		if err := s.Prefill(context.Background(), p, nil, 0, trace.Dense, nothing); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSpritesPruned(b *testing.B) {
	m := openBuiltIn(b)
	s := m.NewSession(compute.F16)
	defer s.Close()
	p := samplePrompt(b, m, "Is there a sheep?")
	st := stackOf(b, m, "corematching")
	for b.Loop() {
		s.Reset()
		if err := s.Prefill(context.Background(), p, st, 0, trace.Dense, nothing); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSpritesDecode(b *testing.B) {
	m := openBuiltIn(b)
	s := m.NewSession(compute.F16)
	defer s.Close()
	p := samplePrompt(b, m, "Is there a sheep?")
	if err := s.Prefill(context.Background(), p, nil, 0, trace.Dense, nothing); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		if n++; n%64 == 0 {
			b.StopTimer()
			s.Reset()
			s.Prefill(context.Background(), p, nil, 0, trace.Dense, nothing)
			b.StartTimer()
		}
		if err := s.Step(context.Background(), 17); err != nil {
			b.Fatal(err)
		}
	}
}
