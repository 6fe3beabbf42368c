package demos

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Counts are what became of the episodes.
type Counts struct {
	Kept, Failed, Steps int
	Bytes               int64
}

func (c Counts) String() string {
	return fmt.Sprintf("%d episodes of %d steps, %d bytes; %d were left out (not fulfilled, or by the learner alone)", c.Kept, c.Steps, c.Bytes, c.Failed)
}

type lane struct {
	data  []byte // nil: the expert failed
	steps int
	err   error
}

// Stream writes the records in the order of their episodes; quality is Encode's.
func Stream(w io.Writer, o Options, quality int) (Counts, error) {
	var c Counts
	err := each(o, quality, func(_ uint64, r lane) error {
		if r.data == nil {
			c.Failed++
			return nil
		}
		n, err := w.Write(r.data)
		c.Kept, c.Steps, c.Bytes = c.Kept+1, c.Steps+r.steps, c.Bytes+int64(n)
		return err
	})
	return c, err
}

// each calls f with every episode, in order, while workers play the next ones.
func each(o Options, quality int, f func(k uint64, r lane) error) error {
	if _, err := o.check(); err != nil {
		return err
	}
	if quality < 0 || quality > 100 {
		return fmt.Errorf("a JPEG's quality is 1 to 100, not %d", quality)
	}
	stop, gone := make(chan struct{}), make(chan struct{})
	lanes := make([]chan lane, o.Workers)
	for k := range lanes {
		lanes[k] = make(chan lane, 2)
		go func() {
			defer func() { gone <- struct{}{} }()
			work(o, uint64(k), quality, lanes[k], stop)
		}()
	}
	defer func() {
		close(stop)
		for range lanes {
			<-gone
		}
	}()
	for k := uint64(0); o.Count == 0 || k < o.Count; k++ {
		r := <-lanes[k%uint64(o.Workers)]
		if r.err != nil {
			return r.err
		}
		if err := f(k, r); err != nil {
			return err
		}
	}
	return nil
}

// work plays every Workers-th episode from k on.
func work(o Options, k uint64, quality int, out chan<- lane, stop <-chan struct{}) {
	p, err := NewPlayer(o)
	if err == nil {
		defer p.Close()
	}
	for ; o.Count == 0 || k < o.Count; k += uint64(o.Workers) {
		r := lane{err: err}
		if err == nil {
			var d *Demo
			if d, r.err = p.Play(k); d != nil {
				r.steps = d.Steps
				r.data, r.err = d.Encode(quality)
			}
		}
		select {
		case out <- r:
		case <-stop:
			return
		}
		if r.err != nil {
			return
		}
	}
}

// Shards writes the records into numbered files of a new folder, each of about size bytes, until
// there are Count episodes, or limit bytes where it is not 0.
func Shards(dir string, o Options, quality int, size, limit int64) (c Counts, err error) {
	if o.Count == 0 && limit <= 0 {
		return c, fmt.Errorf("shards without end fill every disk: say how many episodes, or how many bytes")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return c, fmt.Errorf("cannot make the folder of the shards: %w", err)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*.demos")); len(found) > 0 {
		return c, fmt.Errorf("%s has shards already: choose another folder, or remove them", dir)
	}
	var data []byte
	files := 0
	flush := func() error {
		if len(data) == 0 {
			return nil
		}
		path := filepath.Join(dir, fmt.Sprintf("%04d.demos", files))
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return fmt.Errorf("cannot write the shard: %w", err)
		}
		files, data = files+1, nil
		return nil
	}
	err = each(o, quality, func(_ uint64, r lane) error {
		if r.data == nil {
			c.Failed++
			return nil
		}
		if limit > 0 && c.Bytes+int64(len(r.data)) > limit {
			return io.EOF // full
		}
		c.Kept, c.Steps, c.Bytes = c.Kept+1, c.Steps+r.steps, c.Bytes+int64(len(r.data))
		if data = append(data, r.data...); int64(len(data)) >= size {
			return flush()
		}
		return nil
	})
	if err == io.EOF {
		err = nil
	}
	if err == nil {
		err = flush()
	}
	return c, err
}
