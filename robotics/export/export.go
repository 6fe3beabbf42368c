package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"winnow/robotics/episode"
)

// Format is one of the formats below.
type Format string

// The formats; doc.go says what each holds.
const (
	LeRobotV3  Format = "lerobot-v3.0"
	LeRobotV21 Format = "lerobot-v2.1"
	MCAP       Format = "mcap"
	CSV        Format = "csv"
	JSONL      Format = "jsonl"
)

// Formats lists them, the default first.
func Formats() []Format { return []Format{LeRobotV3, LeRobotV21, MCAP, CSV, JSONL} }

// Folder tells whether the format is a folder; the others are one file.
func (f Format) Folder() bool { return f == LeRobotV3 || f == LeRobotV21 }

// Options change what is written; the zero value is right for most.
type Options struct {
	Pictures bool // JSONL: the pictures too, in base64
	Video    bool // LeRobot: cameras as H.264 videos, by the ffmpeg on PATH, and not as images in the tables
	Progress func(Progress)
}

// Progress is called after each step written, on the goroutine of Add or Write.
type Progress struct {
	Episode, Episodes int // done, and of how many; 0 where nobody knows, as in a live export
	Step, Steps       int // of the episode being written
}

// sink writes one format below a temporary path.
type sink interface {
	// add writes a valid episode, calling report after each step and leaving when it says so.
	add(e *episode.Episode, report func(step int) error) error
	// finish completes and closes all files; close only gives them up.
	finish() error
	close()
}

// Writer takes episodes as they are recorded. It is whole after Commit and absent before; after any
// error it has given up and removed what it wrote. It is for one goroutine at a time.
type Writer struct {
	format   Format
	pending  *pending
	sink     sink
	shape    *shape // of the first episode; what the later ones must look like
	episodes int
	total    int
	progress func(Progress)
	over     error // why no more is taken
}

// Begin makes the temporary file or folder beside path, so that an unwritable place is known before
// anything is recorded.
func Begin(format Format, path string, o Options) (*Writer, error) {
	var open func(*pending, Options) (sink, error)
	switch format {
	case LeRobotV3:
		open = openLeRobot3
	case LeRobotV21:
		open = openLeRobot21
	case MCAP:
		open = openMCAP
	case CSV:
		open = openCSV
	case JSONL:
		open = openJSONL
	default:
		return nil, fmt.Errorf("there is no export format %q; choose one of %v", format, Formats())
	}
	if o.Video && !format.Folder() {
		return nil, fmt.Errorf("only LeRobot datasets hold videos, %s does not; export without", format)
	}
	p, err := begin(path, format.Folder())
	if err != nil {
		return nil, err
	}
	s, err := open(p, o)
	if err != nil {
		p.discard()
		return nil, p.sentence(err)
	}
	return &Writer{format: format, pending: p, sink: s, progress: o.Progress}, nil
}

// Add appends an episode. The first one fixes robot, fps, dimensions and cameras; a later one that
// differs, or one that is not valid, is refused and the export goes on without it.
func (w *Writer) Add(ctx context.Context, e *episode.Episode) error {
	if w.over != nil {
		return w.over
	}
	err := e.Validate()
	if err == nil && w.shape != nil {
		err = w.shape.admits(e)
	}
	if err != nil {
		return fmt.Errorf("episode %d was not added to %s: %w", w.episodes, w.pending.target, err)
	}
	report := func(step int) error {
		if w.progress != nil {
			w.progress(Progress{w.episodes, w.total, step, len(e.Steps)})
		}
		return ctx.Err()
	}
	if err := report(0); err != nil {
		return w.fail(err)
	}
	if err := w.sink.add(e, report); err != nil {
		return w.fail(err)
	}
	if w.shape == nil {
		w.shape = shapeOf(e)
	}
	w.episodes++
	return nil
}

// Commit completes the export and puts it in its place.
func (w *Writer) Commit() error {
	if w.over != nil {
		return w.over
	}
	if w.episodes == 0 {
		return w.fail(errors.New("no episode was added; record one first"))
	}
	if err := w.sink.finish(); err != nil {
		return w.fail(err)
	}
	if err := w.pending.commit(); err != nil {
		return w.fail(err)
	}
	w.over = fmt.Errorf("the export to %s is complete; begin another for more episodes", w.pending.target)
	return nil
}

// Discard gives up and removes what was written. After Commit it does nothing.
func (w *Writer) Discard() {
	if w.over == nil {
		_ = w.fail(errors.New("the export was given up"))
	}
}

func (w *Writer) fail(err error) error {
	w.sink.close()
	w.pending.discard()
	w.over = w.pending.sentence(err)
	return w.over
}

// Source gives episodes one at a time, so that not all need to be in memory.
type Source struct {
	Len int
	At  func(i int) (*episode.Episode, error)
}

// Memory is a source of episodes at hand.
func Memory(episodes ...*episode.Episode) Source {
	return Source{len(episodes), func(i int) (*episode.Episode, error) { return episodes[i], nil }}
}

// Files is a source of episodes saved by episode.Save.
func Files(paths ...string) Source {
	return Source{len(paths), func(i int) (*episode.Episode, error) { return episode.Open(paths[i]) }}
}

// Write exports all episodes of a source to path. On an error, and when ctx is cancelled, nothing
// is left there.
func Write(ctx context.Context, format Format, path string, from Source, o Options) error {
	w, err := Begin(format, path, o)
	if err != nil {
		return err
	}
	defer w.Discard()
	w.total = from.Len
	for i := range from.Len {
		e, err := from.At(i)
		if err != nil {
			return w.fail(err)
		}
		if err := w.Add(ctx, e); err != nil {
			return err
		}
	}
	if err := w.Commit(); err != nil {
		return err
	}
	if o.Progress != nil {
		o.Progress(Progress{Episode: from.Len, Episodes: from.Len})
	}
	return nil
}

// create makes a file below the temporary folder of a dataset. That one is never made anew: where it
// has gone, so has what was written before.
func create(root, name string) (*os.File, error) {
	if _, err := os.Stat(root); err != nil {
		return nil, err
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(parent(path), 0o755); err != nil {
		return nil, err
	}
	return os.Create(path)
}

// reopen opens the temporary file of an export that is one file.
func reopen(path string) (*os.File, error) { return os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0) }
