package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// job is what a child process measures; one of its parts is set.
type job struct {
	Memory    *memoryJob    `json:"memory,omitempty"`
	Selection *selectionJob `json:"selection,omitempty"`
}

// Serve measures the job on in, in this process, and writes its result to out. The program
// that Options.Child starts calls it and does nothing else.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return fmt.Errorf("the bench's job cannot be read: %w", err)
	}
	var result any
	var err error
	switch {
	case j.Memory != nil:
		result, err = j.Memory.run(ctx)
	case j.Selection != nil:
		result, err = j.Selection.run(ctx)
	default:
		return fmt.Errorf("the bench's job is empty; `winnow bench` starts this verb itself")
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}

// delegate lets a child measure a job.
func delegate(ctx context.Context, command []string, j job, result any) error {
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin = bytes.NewReader(text)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("a measuring process ended early (%w): %s", err, lastLine(said.String()))
	}
	// Native libraries may write to stdout before the result, which is the last line.
	if err := json.Unmarshal([]byte(lastLine(out.String())), result); err != nil {
		return fmt.Errorf("a measuring process gave no result (%w)", err)
	}
	return nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
