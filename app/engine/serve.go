package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"winnow/internal/trace"
)

// patience is how long a cancelled call may take to end before its process is given up.
const patience = 2 * time.Second

// Serve is the child's side of Remote: it carries out the commands that come in on e, one run
// or preparation at a time, until in ends, a quit comes, or out cannot be written. It then cancels
// what is under way and returns, at the latest after two seconds, so that a caller that exits
// leaves no process behind.
func Serve(ctx context.Context, in io.Reader, out io.Writer, e Engine) error {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &server{e: e, out: out, cancel: cancel, working: make(chan struct{}, 1), calls: map[int64]context.CancelFunc{}}
	read := make(chan error, 1)
	go func() { read <- s.read(ctx, in) }()
	var err error
	select {
	case err = <-read:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	cancel(nil)
	ended := make(chan struct{})
	go func() { s.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
	}
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

type server struct {
	e       Engine
	running sync.WaitGroup
	cancel  context.CancelCauseFunc
	working chan struct{} // holds an element while a run or preparation has the engine

	outMu sync.Mutex
	out   io.Writer

	mu    sync.Mutex
	calls map[int64]context.CancelFunc
}

func (s *server) read(ctx context.Context, in io.Reader) error {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := readMessage(r)
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var c command
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("the engine got a line that is no command: %w", err)
		}
		switch c.Do {
		case "quit":
			return io.EOF
		case "cancel":
			s.mu.Lock()
			if end := s.calls[c.ID]; end != nil {
				end()
			}
			s.mu.Unlock()
		default:
			s.start(ctx, c)
		}
	}
}

// start carries out a command in a goroutine of its own, so that a cancel can be read meanwhile.
func (s *server) start(ctx context.Context, c command) {
	ctx, end := context.WithCancel(ctx)
	s.mu.Lock()
	s.calls[c.ID] = end
	s.mu.Unlock()
	s.running.Go(func() {
		r := s.do(ctx, c)
		r.ID, r.Done = c.ID, true
		s.mu.Lock()
		delete(s.calls, c.ID)
		s.mu.Unlock()
		end()
		s.send(r)
	})
}

func (s *server) do(ctx context.Context, c command) (r reply) {
	var err error
	switch c.Do {
	case "models":
		r.Models, err = s.e.Models(ctx)
	case "devices":
		r.Devices, err = s.e.Devices(ctx)
	case "run", "prepare":
		if c.Request == nil {
			r.Error = "the command " + c.Do + " came without a request"
			return r
		}
		select {
		case s.working <- struct{}{}:
			defer func() { <-s.working }()
		case <-ctx.Done():
			return r
		}
		if c.Do == "prepare" {
			s.e.Prepare(ctx, *c.Request)
			return r
		}
		err = s.e.Run(ctx, *c.Request, func(ev trace.Event) { s.event(c.ID, ev) })
	default:
		err = fmt.Errorf("the engine knows no command %q", c.Do)
	}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

func (s *server) event(id int64, e trace.Event) {
	b, err := trace.Marshal(e)
	if err != nil {
		// An event that JSON cannot hold is lost; that it was is not.
		b, _ = trace.Marshal(trace.Notice{Text: err.Error()})
	}
	s.send(reply{ID: id, Event: b})
}

func (s *server) send(r reply) {
	s.outMu.Lock()
	defer s.outMu.Unlock()
	if err := writeMessage(s.out, r); err != nil {
		s.cancel(fmt.Errorf("nobody reads what the engine says: %w", err))
	}
}
