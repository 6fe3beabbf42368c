package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"winnow/internal/trace"
	"winnow/vision/figure"
)

func saveTrace(path string, events []trace.Event) error {
	if !special(path) {
		return trace.WriteFile(path, events)
	}
	return writeInto(path, func(w io.Writer) error {
		tw := trace.NewWriter(w)
		for _, e := range events {
			if err := tw.Write(e); err != nil {
				return err
			}
		}
		return tw.Flush()
	})
}

// savePoints writes a sweep's points as CSV.
func savePoints(path string, state *trace.State) error {
	if !special(path) {
		return trace.Save(path, func(w io.Writer) error { return trace.WritePoints(w, state) })
	}
	return writeInto(path, func(w io.Writer) error { return trace.WritePoints(w, state) })
}

func saveFigure(path string, state *trace.State, events []trace.Event, layer *int) error {
	if !special(path) {
		return figure.Write(path, state, events, figure.Options{Layer: layer})
	}
	dir, err := os.MkdirTemp("", "winnow")
	if err != nil {
		return fmt.Errorf("the figure has no place to be made in: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "figure.png")
	if err := figure.Write(file, state, events, figure.Options{Layer: layer}); err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return writeInto(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// special tells of a pipe or device, such as /dev/stdout: it is written into. Saving puts a new
// file in the place of an old one, which must not happen to those.
func special(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

func writeInto(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(write(f), f.Close())
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%s was not written: the disk is full; free some space or choose another folder", path)
	case err != nil:
		return fmt.Errorf("%s was not written: %w", path, bare(err))
	}
	return nil
}

// bare takes the path out of an error of package os; the sentence has it already.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
