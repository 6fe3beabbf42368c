package engine

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"

	"winnow/internal/trace"
)

// The two processes exchange JSON objects, one a line:
//
//	parent ─▶ child   {"id":7,"do":"run","request":{…}}      also prepare, models, devices
//	                  {"id":7,"do":"cancel"}                 {"do":"quit"}, or the end of input
//	child ─▶ parent   {"id":7,"event":{"type":"word",…}}     any number of them
//	                  {"id":7,"done":true,"error":"…"}       exactly one, the last of its id
//
// A line that is none of these is a stray print of some library: the parent passes over it.

// command is a line to the child.
type command struct {
	ID      int64          `json:"id,omitempty"`
	Do      string         `json:"do"`
	Request *trace.Request `json:"request,omitempty"`
}

// reply is a line from the child.
type reply struct {
	ID      int64           `json:"id"`
	Event   json.RawMessage `json:"event,omitempty"`
	Done    bool            `json:"done,omitempty"`
	Error   string          `json:"error,omitempty"`
	Models  []ModelEntry    `json:"models,omitempty"`
	Devices []DeviceEntry   `json:"devices,omitempty"`
}

// maxMessage is far above any message: a request may hold a picture's file.
const maxMessage = 512 << 20

// readMessage returns the next line; a last line without a newline was cut and does not count.
func readMessage(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxMessage:
			return nil, errors.New("a message between window and engine has no end")
		}
	}
}

// writeMessage writes v on a line of its own, in one piece. The newline before it parts it from
// what a library may have printed there.
func writeMessage(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b := make([]byte, 0, len(body)+2)
	b = append(b, '\n')
	b = append(b, body...)
	_, err = w.Write(append(b, '\n'))
	return err
}
