package engine

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// child is one process and the calls that wait for it.
type child struct {
	cmd  *exec.Cmd
	out  chan command  // to its stdin
	quit chan struct{} // closed once: no more commands, and its stdin is closed
	once sync.Once
	// dead is closed when it has ended and all that it said has been delivered.
	dead chan struct{}
	how  string // its exit, set before dead is closed
	said tail

	mu    sync.Mutex
	calls map[int64]chan reply
}

func startChild(words, env []string, log io.Writer) (*child, error) {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), env...)
	hideConsole(cmd)
	c := &child{cmd: cmd, out: make(chan command, 64), quit: make(chan struct{}), dead: make(chan struct{}), calls: map[int64]chan reply{}}
	c.said.log = log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, cannotStart(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, cannotStart(err)
	}
	cmd.Stderr = &c.said
	// Should something hold its stderr open after it ended, Wait would never return.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return nil, cannotStart(err)
	}
	go c.write(stdin)
	go c.read(stdout)
	return c, nil
}

func cannotStart(err error) error {
	return fmt.Errorf("the engine cannot be started (%w); if winnow was moved or updated while it ran, start it again", err)
}

// write is the only one to touch the child's stdin, so that a child that does not read blocks
// nobody else.
func (c *child) write(stdin io.WriteCloser) {
	defer stdin.Close()
	for {
		select {
		case m := <-c.out:
			if writeMessage(stdin, m) != nil {
				return // it is dying; read will tell
			}
		case <-c.quit:
			return
		case <-c.dead:
			return
		}
	}
}

func (c *child) send(m command) {
	select {
	case c.out <- m:
	case <-c.quit:
	case <-c.dead:
	}
}

func (c *child) read(stdout io.Reader) {
	r := bufio.NewReaderSize(stdout, 64<<10)
	for {
		line, err := readMessage(r)
		if err != nil {
			break
		}
		var m reply
		if json.Unmarshal(line, &m) != nil || m.ID == 0 {
			continue
		}
		c.mu.Lock()
		to := c.calls[m.ID]
		c.mu.Unlock()
		if to != nil {
			to <- m // read until its Done, by the call or by drain
		}
	}
	// A process that closed its stdout but lives on serves nobody.
	late := time.AfterFunc(patience, c.kill)
	err := c.cmd.Wait()
	late.Stop()
	c.how = "it ended by itself"
	if err != nil {
		c.how = err.Error()
	}
	close(c.dead)
}

// open registers a call. Its channel is wide, so that a slow view does not slow the model.
func (c *child) open(id int64) chan reply {
	ch := make(chan reply, 1024)
	c.mu.Lock()
	c.calls[id] = ch
	c.mu.Unlock()
	return ch
}

func (c *child) shut(id int64) {
	c.mu.Lock()
	delete(c.calls, id)
	c.mu.Unlock()
}

// drain waits for the end of a call that was given up; with kill it ends a child that hangs in it.
func (c *child) drain(id int64, replies chan reply, kill bool) {
	var late <-chan time.Time
	if kill {
		late = time.After(patience)
	}
	for {
		select {
		case m := <-replies:
			if m.Done {
				c.shut(id)
				return
			}
		case <-late:
			c.kill()
			late = nil
		case <-c.dead:
			return
		}
	}
}

func (c *child) isDead() bool {
	select {
	case <-c.dead:
		return true
	default:
		return false
	}
}

func (c *child) kill() { _ = c.cmd.Process.Kill() }

// end asks the child to go, and makes it.
func (c *child) end() {
	c.once.Do(func() { close(c.quit) })
	select {
	case <-c.dead:
	case <-time.After(300 * time.Millisecond):
		c.kill()
		<-c.dead
	}
}

// obituary is the sentence on a child that died.
func (c *child) obituary() string {
	why := "the engine stopped unexpectedly (" + c.how + ")"
	if last := c.said.reason(); last != "" {
		why += ": " + last
	}
	return why + "; ask again, which starts it anew, or choose another device"
}

// tail keeps the end of what a process says.
type tail struct {
	log io.Writer

	mu   sync.Mutex
	text []byte
}

const tailBytes = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	if t.log != nil {
		_, _ = t.log.Write(p)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if n := len(t.text) - tailBytes; n > 0 {
		t.text = append(t.text[:0], t.text[n:]...)
	}
	return len(p), nil
}

// reasons begin the line that says why a process aborts; a dump of its stacks follows.
var reasons = []string{"GGML_ASSERT", "panic:", "fatal error:", "terminate called", "SIG", "[signal"}

// reason is the line that best explains the end: the last that names one, else the last.
func (t *tail) reason() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, best := "", ""
	for line := range strings.Lines(string(t.text)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		last = line
		for _, r := range reasons {
			// An assertion names its file before itself; a signal only follows from it.
			if at := strings.Index(line, r); at == 0 || at > 0 && r == "GGML_ASSERT" {
				if best == "" || !strings.HasPrefix(r, "SIG") && !strings.HasPrefix(r, "[") {
					best = line
				}
			}
		}
	}
	if best == "" {
		best = last
	}
	if runes := []rune(best); len(runes) > 300 {
		best = string(runes[:300]) + "…"
	}
	return best
}
