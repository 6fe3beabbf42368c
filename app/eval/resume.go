package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// header is the first line of a file of finished scenes: what they depend on. The number of scenes
// is no part of it: a longer run goes on from a shorter one.
type header struct {
	Version  int    `json:"winnow_eval"`
	Model    string `json:"model"`
	Settings string `json:"settings"`
	Seed     uint64 `json:"seed"`
	Sides    []Side `json:"sides"`
}

// log keeps finished scenes in a file, a line each.
type log struct {
	file   *os.File // nil: nowhere
	path   string
	scenes []Done
}

// openLog reads what a file holds of the first n scenes, and goes on behind it. A last line that
// was cut off is asked again.
func openLog(path string, want header, n int) (*log, error) {
	l := &log{path: path}
	if path == "" {
		return l, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, l.cannot("opened", err)
	}
	l.file = f
	size, err := l.read(want, n)
	if err == nil {
		err = l.goOn(size, want)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

// read returns the length of the whole lines.
func (l *log) read(want header, n int) (size int64, err error) {
	r := bufio.NewReader(l.file)
	for number := 0; ; number++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if number == 0 && len(line) > 0 {
				return 0, fmt.Errorf("%s is no file of finished scenes; name another with --resume, or a new one", l.path)
			}
			return size, nil
		}
		if err != nil {
			return 0, l.cannot("read", err)
		}
		if number == 0 {
			var h header
			if json.Unmarshal(line, &h) != nil || h.Version == 0 {
				return 0, fmt.Errorf("%s is no file of finished scenes; name another with --resume, or a new one", l.path)
			}
			if what := h.differs(want); what != "" {
				return 0, fmt.Errorf("%s holds scenes of other settings: %s; give the same ones, or another file", l.path, what)
			}
		} else {
			var d Done
			if err := json.Unmarshal(bytes.TrimSpace(line), &d); err != nil || d.Scene != number-1 || !d.whole(len(want.Sides)) {
				return 0, fmt.Errorf("%s is damaged in line %d; delete that line and what follows, or name a new file", l.path, number+1)
			}
			if number <= n {
				l.scenes = append(l.scenes, d)
			}
		}
		size += int64(len(line))
	}
}

func (d *Done) whole(sides int) bool {
	return !slices.ContainsFunc(d.Asked, func(a Asked) bool { return len(a.Answers) != sides })
}

func (h header) differs(want header) string {
	switch {
	case h.Version != want.Version:
		return fmt.Sprintf("its format is %d, this program writes %d", h.Version, want.Version)
	case h.Model != want.Model:
		return fmt.Sprintf("the model is %s there, %s here", h.Model, want.Model)
	case h.Settings != want.Settings:
		return fmt.Sprintf("%s there, %s here", h.Settings, want.Settings)
	case h.Seed != want.Seed:
		return fmt.Sprintf("the seed is %d there, %d here", h.Seed, want.Seed)
	case !slices.Equal(h.Sides, want.Sides):
		return "its methods are " + names(h.Sides) + ", these are " + names(want.Sides)
	}
	return ""
}

func names(sides []Side) string {
	text := ""
	for i, s := range sides {
		if i > 0 {
			text += "; "
		}
		text += s.Name
	}
	return text
}

// goOn puts the end of the file behind what was read.
func (l *log) goOn(size int64, want header) error {
	if err := l.file.Truncate(size); err != nil {
		return l.cannot("shortened", err)
	}
	if _, err := l.file.Seek(size, io.SeekStart); err != nil {
		return l.cannot("written", err)
	}
	if size == 0 {
		return l.write(want)
	}
	return nil
}

func (l *log) write(v any) error {
	line, err := json.Marshal(v)
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if err != nil {
		return l.cannot("written", err)
	}
	return nil
}

func (l *log) add(d Done) error {
	if l.file == nil {
		return nil
	}
	return l.write(d)
}

func (l *log) close() {
	if l.file != nil {
		l.file.Close()
	}
}

func (l *log) cannot(be string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("the finished scenes cannot be %s: %s: %w; name another file with --resume", be, l.path, err)
}
