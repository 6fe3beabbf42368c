package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"winnow/internal/trace"
)

// RemoteOptions say how the child is started; the zero value starts `winnow engine` from the
// binary that runs.
type RemoteOptions struct {
	// Command is the child's program and arguments; nil: this binary with the verb engine.
	Command []string
	// Env is added to this process's environment.
	Env []string
	// Log gets what the child writes to stderr; nil: only the end is kept, for error messages.
	Log io.Writer
}

// Remote is an Engine in a child process, so that whoever asks outlives a native library that
// aborts. The child starts with the first call; one that died is started anew by the next. Its
// methods are safe for concurrent use; runs wait for one another.
type Remote struct {
	o RemoteOptions
	// running holds an element while a run, or one given up, has the child.
	running chan struct{}

	mu     sync.Mutex
	child  *child // nil before the first call
	closed bool
	lastID int64
}

// NewRemote returns at once; a child that cannot start shows in the first call.
func NewRemote(o RemoteOptions) *Remote {
	return &Remote{o: o, running: make(chan struct{}, 1)}
}

// grace is how long a cancelled call may still bring events: Engine.Run promises to end then.
const grace = 50 * time.Millisecond

var errClosed = errors.New("the engine is closed; start winnow again")

// alive returns the child, started if need be.
func (r *Remote) alive() (*child, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
	}
	if r.child != nil && !r.child.isDead() {
		return r.child, nil
	}
	command := r.o.Command
	if command == nil {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("the engine cannot be started, because this system does not say where winnow lies (%w); use `winnow ask` on the command line", err)
		}
		command = []string{program, "engine"}
	}
	c, err := startChild(command, r.o.Env, r.o.Log)
	if err != nil {
		return nil, err
	}
	r.child = c
	return c, nil
}

func (r *Remote) id() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastID++
	return r.lastID
}

// call sends a command and waits for its end. A call that ctx ends gets grace to finish; after
// that late goes on listening, and is told when the child is free again.
func (r *Remote) call(ctx context.Context, c command, event func(trace.Event), late func()) (reply, error) {
	free := late
	defer func() {
		if free != nil {
			free()
		}
	}()
	child, err := r.alive()
	if err != nil {
		return reply{}, err
	}
	c.ID = r.id()
	replies := child.open(c.ID)
	child.send(c)
	cancelled, given := ctx.Done(), (<-chan time.Time)(nil)
	for {
		select {
		case m := <-replies:
			if m.Done {
				child.shut(c.ID)
				if m.Error != "" {
					return m, errors.New(m.Error)
				}
				return m, nil
			}
			if err := deliver(m, event); err != nil {
				child.kill()
				free = nil
				go r.forget(child, c.ID, replies, late)
				return reply{}, err
			}
		case <-cancelled:
			child.send(command{ID: c.ID, Do: "cancel"})
			cancelled, given = nil, time.After(grace)
		case <-given:
			free = nil
			go r.forget(child, c.ID, replies, late)
			return reply{}, ctx.Err()
		case <-child.dead:
			// What came before its death is still in the channel.
			for len(replies) > 0 {
				m := <-replies
				if m.Done && m.Error != "" {
					return m, errors.New(m.Error)
				}
				if err := deliver(m, event); err != nil || m.Done {
					return m, err
				}
			}
			if r.isClosed() {
				return reply{}, errClosed
			}
			return reply{}, errors.New(child.obituary())
		}
	}
}

// forget listens on for a call that was given up. A run that does not end is ended with its
// process; a preparation may be deep in loading a large model, which the next run wants anyway.
func (r *Remote) forget(c *child, id int64, replies chan reply, late func()) {
	isRun := late != nil
	c.drain(id, replies, isRun)
	if late != nil {
		late()
	}
}

func deliver(m reply, event func(trace.Event)) error {
	if len(m.Event) == 0 || event == nil {
		return nil
	}
	e, err := trace.Unmarshal(m.Event)
	if err != nil {
		return fmt.Errorf("the engine sent something unreadable (%w); start winnow again", err)
	}
	event(e)
	return nil
}

func (r *Remote) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// Run implements Engine. A child that dies ends the run with Failed and Ended.
func (r *Remote) Run(ctx context.Context, q trace.Request, emit func(trace.Event)) error {
	f := &frame{request: q, emit: emit, began: time.Now()}
	select {
	case r.running <- struct{}{}:
	case <-ctx.Done():
		f.finish(nil, true)
		return nil
	}
	_, err := r.call(ctx, command{Do: "run", Request: &q}, f.event, func() { <-r.running })
	if err != nil && ctx.Err() != nil && !f.failed {
		err = nil // whatever ended it, the person had ended it before
	}
	f.finish(err, ctx.Err() != nil)
	return err
}

// frame keeps the promise that a run's events begin with Started and end with Ended, whatever
// happens to the child.
type frame struct {
	request                trace.Request
	emit                   func(trace.Event)
	began                  time.Time
	started, failed, ended bool
}

func (f *frame) event(e trace.Event) {
	if f.ended {
		return
	}
	switch e.(type) {
	case trace.Started:
		f.started = true
	case trace.Failed:
		f.failed = true
	case trace.Ended:
		f.ended = true
	}
	f.open()
	f.emit(e)
}

func (f *frame) open() {
	if !f.started {
		f.started = true
		record := f.request
		record.PictureData = nil // as Local records it
		f.emit(trace.Started{Schema: trace.Schema, Version: Version, Time: f.began.UTC().Format(time.RFC3339), Request: record})
	}
}

func (f *frame) finish(err error, cancelled bool) {
	if f.ended {
		return
	}
	if err != nil && !f.failed {
		f.event(trace.Failed{Error: err.Error()})
	}
	f.event(trace.Ended{Cancelled: cancelled && err == nil, MS: float64(time.Since(f.began).Microseconds()) / 1000})
}

// Prepare implements Engine.
func (r *Remote) Prepare(ctx context.Context, q trace.Request) {
	_, _ = r.call(ctx, command{Do: "prepare", Request: &q}, nil, nil)
}

// Models implements Engine.
func (r *Remote) Models(ctx context.Context) ([]ModelEntry, error) {
	m, err := r.call(ctx, command{Do: "models"}, nil, nil)
	return m.Models, err
}

// Devices implements Engine.
func (r *Remote) Devices(ctx context.Context) ([]DeviceEntry, error) {
	m, err := r.call(ctx, command{Do: "devices"}, nil, nil)
	return m.Devices, err
}

// Close ends the child, and with it a run that is under way.
func (r *Remote) Close() error {
	r.mu.Lock()
	r.closed = true
	c := r.child
	r.mu.Unlock()
	if c != nil {
		c.end()
	}
	return nil
}
