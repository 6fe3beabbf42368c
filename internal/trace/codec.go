package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// Unknown is an event of a type that this version does not know. It is kept as it was read, so
// that opening and saving a trace loses nothing.
type Unknown struct {
	Name string
	JSON []byte
}

// Type is the name that the event came with.
func (u Unknown) Type() string { return u.Name }

// Marshal writes an event as one JSON object on one line, without the newline; "type" is its
// first member. A number that JSON lacks (NaN, infinity) is an error outside Floats, Threshold,
// the KL of a Point and the LogProb of a Choice. Scores have six digits, those of decisions made
// while answering four.
func Marshal(e Event) ([]byte, error) {
	if e == nil {
		return nil, errors.New("there is no event to write")
	}
	if u, ok := e.(Unknown); ok {
		var b bytes.Buffer
		if err := json.Compact(&b, u.JSON); err != nil {
			return nil, fmt.Errorf("the %s event is not JSON: %w", u.Name, err)
		}
		return b.Bytes(), nil
	}
	if d, ok := e.(Decision); ok && d.Threshold != nil && (math.IsNaN(*d.Threshold) || math.IsInf(*d.Threshold, 0)) {
		d.Threshold = nil // a rule that counts has none
		e = d
	}
	var body []byte
	var err error
	if d, ok := e.(Decision); ok && d.Phase == "decode" && d.Kind != "neurons" {
		body, err = json.Marshal(d.coarsely())
	} else {
		body, err = json.Marshal(e)
	}
	if err != nil {
		return nil, fmt.Errorf("the %s event cannot be written as JSON: %w", e.Type(), err)
	}
	name, err := json.Marshal(e.Type())
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(body)+len(name)+9)
	b = append(append(b, `{"type":`...), name...)
	if len(body) > 2 {
		b = append(b, ',')
	}
	return append(b, body[1:]...), nil
}

// decoders makes an event of each type from its JSON.
var decoders = map[string]func([]byte) (Event, error){
	"started": decode[Started], "model": decode[Model], "picture": decode[Picture],
	"sequence": decode[Sequence], "side_started": decode[SideStarted], "layer": decode[Layer],
	"decision": decode[Decision], "word": decode[Word], "point": decode[Point], "side_done": decode[SideDone],
	"drawing": decode[Drawing], "denoised": decode[Denoised], "drawn": decode[Drawn], "seen": decode[Seen],
	"acting": decode[Acting], "episode_started": decode[EpisodeStarted], "thought": decode[Thought],
	"moved": decode[Moved], "episode_done": decode[EpisodeDone], "acted": decode[Acted],
	"notice": decode[Notice], "failed": decode[Failed], "ended": decode[Ended],
}

func decode[T Event](data []byte) (Event, error) {
	var e T
	err := json.Unmarshal(data, &e)
	return e, err
}

// Unmarshal reads what Marshal wrote. Events come back as values, one of an unknown type as
// Unknown. A Started of a higher schema is refused with ErrNewer.
func Unmarshal(data []byte) (Event, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("this is not an event: %w", err)
	}
	if head.Type == "" {
		return nil, errors.New("this is not an event: it has no type")
	}
	d, ok := decoders[head.Type]
	if !ok {
		return Unknown{head.Type, bytes.Clone(data)}, nil
	}
	e, err := d(data)
	if err != nil {
		return nil, fmt.Errorf("the %s event cannot be read: %w", head.Type, err)
	}
	if s, ok := e.(Started); ok && s.Schema > Schema {
		return nil, fmt.Errorf("%w: it has schema %d, this winnow reads up to %d; update winnow", ErrNewer, s.Schema, Schema)
	}
	return e, nil
}

// The refusals, for errors.Is; texts are sentences for people.
var (
	ErrNewer    = errors.New("the trace was made by a newer winnow")
	ErrNotTrace = errors.New("this is not a winnow trace")
	ErrTooLarge = errors.New("the trace is too large")
)

// Damaged is the error of a trace that can be read up to a line only. Read returns the events
// before that line with it, so that a caller may still show them.
type Damaged struct {
	Line int // counted from 1
	// Cut says that the last line is the bad one: the writer was stopped, or the copy was.
	Cut   bool
	Cause error
}

func (d *Damaged) Error() string {
	if d.Cut {
		return fmt.Sprintf("the trace breaks off in line %d; everything before it is shown", d.Line)
	}
	return fmt.Sprintf("line %d of the trace is damaged (%v); everything before it is shown", d.Line, d.Cause)
}

func (d *Damaged) Unwrap() error { return d.Cause }

// Writer writes events as JSON lines through a buffer.
type Writer struct {
	w *bufio.Writer
}

// NewWriter makes a writer; Flush it at the end.
func NewWriter(w io.Writer) *Writer { return &Writer{bufio.NewWriterSize(w, 64<<10)} }

// Write appends one event.
func (w *Writer) Write(e Event) error {
	b, err := Marshal(e)
	if err != nil {
		return err
	}
	if _, err := w.w.Write(b); err != nil {
		return err
	}
	return w.w.WriteByte('\n')
}

// Flush hands what is buffered to the underlying writer.
func (w *Writer) Flush() error { return w.w.Flush() }

// Bounds on what is read, in bytes. A run's largest line holds the picture's file, a few
// megabytes as base64; lists of rows take up to four times their text in memory.
const (
	maxLine  = 64 << 20
	maxTotal = 256 << 20
)

// Read reads JSON lines to the end. It returns the events before an error together with the
// error: *Damaged, ErrNotTrace, ErrNewer, ErrTooLarge, or the reader's own.
func Read(r io.Reader) ([]Event, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	var events []Event
	var total int64
	for n := 1; ; n++ {
		line, end, err := readLine(br)
		if err != nil {
			return events, err
		}
		if total += int64(len(line)) + 1; total > maxTotal {
			return events, fmt.Errorf("%w: it has more than %d MB", ErrTooLarge, maxTotal>>20)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			e, err := Unmarshal(line)
			first := len(events) == 0
			switch {
			case errors.Is(err, ErrNewer):
				return events, err
			case first && (err != nil || e.Type() != "started"):
				return nil, fmt.Errorf("%w: its first line is not a started event; choose a .jsonl that winnow wrote, or a figure", ErrNotTrace)
			case err != nil:
				return events, &Damaged{Line: n, Cut: end, Cause: err}
			}
			events = append(events, e)
		}
		if end {
			break
		}
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrNotTrace)
	}
	return events, nil
}

// readLine returns the next line without its newline; end says that the input ended with it.
func readLine(br *bufio.Reader) (line []byte, end bool, err error) {
	for {
		part, err := br.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, false, fmt.Errorf("%w: a line has more than %d MB", ErrTooLarge, maxLine>>20)
		}
		line = append(line, part...)
		switch err {
		case nil:
			return line[:len(line)-1], false, nil
		case bufio.ErrBufferFull:
		case io.EOF:
			return line, true, nil
		default:
			return nil, false, fmt.Errorf("the trace cannot be read further: %w", err)
		}
	}
}
