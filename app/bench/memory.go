package bench

import (
	"context"

	"winnow/internal/compute/device"
	"winnow/internal/libllama"
	peak "winnow/internal/memory"
	"winnow/vision/grid"
	"winnow/vlm"
)

// memoryJob loads a decoder, prefills and decodes with one engine, alone in a process. A
// picture's embeddings are given, so that both engines do the same.
type memoryJob struct {
	Engine  string     `json:"engine"` // winnow or libllama
	Source  sourceJSON `json:"source"`
	Kind    string     `json:"kind"`
	Scene   *scene     `json:"scene,omitempty"`  // winnow's input of a VLM
	Tokens  []int      `json:"tokens,omitempty"` // libllama's input: ids,
	Rows    []float32  `json:"rows,omitempty"`   // or the embeddings of all rows
	Forced  []int      `json:"forced"`
	Threads int        `json:"threads"`
}

// scene is an encoded picture and a question about it.
type scene struct {
	Question   string    `json:"question"`
	Embeddings []float32 `json:"embeddings"`
	Grid       grid.Grid `json:"grid"`
}

// Memory is what a process had resident at most, in bytes.
type Memory struct {
	Peak int64 `json:"peak"`
	// Start is the peak before the engine was loaded: the program itself.
	Start int64 `json:"start"`
}

func (r *Report) memory(ctx context.Context, o Options, s *source, t *task) error {
	winnow := memoryJob{Engine: "winnow", Source: s.json(), Kind: o.Kind, Scene: t.scene, Forced: t.forced, Threads: o.Threads}
	llama := memoryJob{Engine: "libllama", Source: s.json(), Tokens: t.batch.Tokens, Rows: t.batch.Embeddings, Forced: t.forced, Threads: o.Threads}
	var quotients []float64
	for range min(o.Runs, 3) {
		var ours, theirs Memory
		if err := delegate(ctx, o.Child, job{Memory: &winnow}, &ours); err != nil {
			return err
		}
		if err := delegate(ctx, o.Child, job{Memory: &llama}, &theirs); err != nil {
			return err
		}
		if ours.Peak == 0 || theirs.Peak == 0 {
			return nil // this system does not tell
		}
		r.DenseMemory, r.PeerMemory = append(r.DenseMemory, ours), append(r.PeerMemory, theirs)
		quotients = append(quotients, float64(ours.Peak)/float64(theirs.Peak))
	}
	q := stat(quotients)
	r.Ratios.Memory = &q
	return nil
}

func (j *memoryJob) run(ctx context.Context) (Memory, error) {
	m := Memory{Start: peak.Peak()}
	c, done, err := j.open()
	if err != nil {
		return m, err
	}
	defer done()
	_, _, err = measure(ctx, c, j.Forced)
	m.Peak = peak.Peak()
	return m, err
}

// open loads the engine; done frees it and what it stands on.
func (j *memoryJob) open() (c contender, done func(), err error) {
	if j.Engine == "libllama" {
		batch := libllama.Batch{Tokens: j.Tokens, Embeddings: j.Rows}
		p, err := openPeer(j.Source.Path, batch, len(j.Forced), j.Threads)
		if err != nil {
			return nil, nil, err
		}
		return p, p.close, nil
	}
	backend, _, err := device.Open("cpu", j.Threads)
	if err != nil {
		return nil, nil, err
	}
	files, err := j.Source.source().open()
	if err != nil {
		backend.Close()
		return nil, nil, err
	}
	if files.Projector != nil { // libllama has no encoder either
		files.Projector.Close()
		files.Projector = nil
	}
	m, err := vlm.Load(files, backend)
	if err != nil {
		backend.Close()
		return nil, nil, err
	}
	t, err := j.task(m)
	if err != nil {
		m.Close()
		backend.Close()
		return nil, nil, err
	}
	dense := newDense(m, t)
	return dense, func() { dense.close(); m.Close(); backend.Close() }, nil
}

func (j *memoryJob) task(m *vlm.Model) (*task, error) {
	if j.Scene == nil {
		return textTask(m)
	}
	return pictureTask(m, j.Scene)
}
