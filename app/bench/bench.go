package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"winnow/internal/compute"
	"winnow/internal/compute/device"
	"winnow/internal/libllama"
	"winnow/internal/native"
	"winnow/pruning"
	_ "winnow/pruning/catalogue" // the methods that are measured
	"winnow/vlm"
)

// Kinds of bench.
const (
	VLM = "vlm" // a sample scene and a question about it
	LLM = "llm" // text alone
)

// Options of a bench.
type Options struct {
	// Kind is VLM or LLM.
	Kind string
	// Model is a name or a path; "" is the built-in SwiGLU model (VLM) or smollm2-135m (LLM).
	Model string
	// Projector is the mmproj of a Model given by path; "" looks beside it.
	Projector string
	// Runs is the number of rounds, at least 1; 0 means 7.
	Runs int
	// Threads of both engines; 0 means the number of physical cores.
	Threads int
	// Child starts this program so that it calls Serve on its stdin and stdout; nil leaves out
	// what needs a process of its own.
	Child []string
	// Progress tells what is being measured now; nil tells nobody.
	Progress func(string)
}

// The sizes of the tasks.
const (
	llmPrompt   = 512
	llmDecode   = 64
	vlmDecode   = 32
	defaultRuns = 7
)

// Run measures. ctx ends it between two measurements.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Runs == 0 {
		o.Runs = defaultRuns
	}
	if o.Runs < 1 || o.Kind != VLM && o.Kind != LLM {
		return nil, fmt.Errorf("a bench of %q in %d runs cannot be made; choose vlm or llm, and at least 1 run", o.Kind, o.Runs)
	}
	if o.Threads <= 0 {
		o.Threads = device.Threads()
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	o.Progress("loading the model")
	source, err := resolve(o)
	if err != nil {
		return nil, err
	}
	defer source.remove()
	backend, _, err := device.Open("cpu", o.Threads)
	if err != nil {
		return nil, err
	}
	defer backend.Close()
	files, err := source.open()
	if err != nil {
		return nil, err
	}
	m, err := vlm.Load(files, backend)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	task, err := newTask(ctx, o.Kind, m)
	if err != nil {
		return nil, err
	}
	peer, err := openPeer(source.path, task.batch, len(task.forced), o.Threads)
	if err != nil {
		return nil, err
	}
	defer peer.close()

	r := &Report{Runs: o.Runs, Kind: o.Kind, Model: source.name, Device: m.Backend.Device(), Libllama: peer.version,
		KV: compute.F16.String(), PromptTokens: len(task.prompt.Tokens), VisualTokens: task.visual, DecodeTokens: len(task.forced)}
	if err := r.speed(ctx, o, m, task, peer); err != nil {
		return nil, err
	}
	if len(o.Child) == 0 {
		return r, nil
	}
	o.Progress("peak memory, in processes of their own")
	if err := r.memory(ctx, o, source, task); err != nil {
		return nil, err
	}
	o.Progress("selection at the size of LLaVA-1.5-7B, in a process of its own")
	return r, r.selection(ctx, o)
}

// speed lets all contenders run by turns.
func (r *Report) speed(ctx context.Context, o Options, m *vlm.Model, task *task, peer contender) error {
	all := []contender{newDense(m, task), peer}
	for _, info := range pruning.Answering() {
		stack, err := pruning.Stack([]pruning.Spec{{Name: info.Name}}, m.Decoder.Describe())
		if err != nil {
			r.Methods = append(r.Methods, Method{Name: info.Name, Title: info.Title, Refused: err.Error()})
			continue
		}
		all = append(all, newPruned(m, task, stack))
	}
	defer func() {
		for _, c := range all {
			if c != peer {
				c.close()
			}
		}
	}()
	samples, err := rounds(ctx, all, o.Runs, task.forced, func(round int) {
		o.Progress(fmt.Sprintf("speed, round %d of %d", round+1, o.Runs))
	})
	if err != nil {
		return err
	}
	dense, other := samples[0], samples[1]
	r.Dense, r.Peer = dense.times(len(task.prompt.Tokens)), other.times(len(task.prompt.Tokens))
	r.Ratios.Prefill = quotient(other.prefill, dense.prefill)
	r.Ratios.Decode = quotient(other.decode, dense.decode)
	for i, c := range all[2:] {
		s, p := samples[i+2], c.(*winnow)
		kept, err := p.kept(ctx)
		if err != nil {
			return err
		}
		r.Methods = append(r.Methods, Method{Name: p.methods[0].Info.Name, Title: p.methods[0].Info.Title,
			TTFT: quotient(dense.prefill, s.prefill).Median, Decode: quotient(dense.decode, s.decode).Median,
			PrefillVsLibllama: quotient(other.prefill, s.prefill).Median, DecodeVsLibllama: quotient(other.decode, s.decode).Median,
			Kept: kept, Times: s.times(len(task.prompt.Tokens))})
	}
	return nil
}

// openPeer loads a model with libllama, as its own tools would.
func openPeer(path string, batch libllama.Batch, steps, threads int) (*peer, error) {
	libs, err := native.Find("cpu")
	if err != nil {
		return nil, err
	}
	l, err := libllama.Load(libs)
	if err != nil {
		return nil, err
	}
	m, err := l.Open(path)
	if err != nil {
		return nil, err
	}
	p := &peer{version: l.Version, model: m, batch: batch}
	p.context, err = m.NewContext(libllama.Options{Context: p.rows() + steps, Threads: threads, KV: compute.F16, Flash: libllama.FlashAuto})
	if err != nil {
		m.Close()
		return nil, err
	}
	return p, nil
}

// source is where the model's files come from.
type source struct {
	name string
	// builtIn models are inside the program; path is then a copy of the decoder for libllama.
	builtIn         bool
	path, projector string
	temporary       string // folder to remove
}

func (s *source) remove() {
	if s.temporary != "" {
		os.RemoveAll(s.temporary)
	}
}

func cannotCopy(err error) error {
	return fmt.Errorf("the built-in model cannot be copied to a file for libllama: %w", err)
}

// errNoVision is the error of a model without eyes.
var errNoVision = errors.New("this model reads text only; use `winnow bench llm`, or choose one with its mmproj")

func baseName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".gguf") }
