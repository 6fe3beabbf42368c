package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestWhatIsAskedIsChecked(t *testing.T) {
	for says, args := range map[string][]string{
		"one of the two":     {"-seed", "3"},
		"-stream or -shards": {"-stream", "-shards", t.TempDir()},
		"no suite is called": {"-stream", "-suites", "tables"},
		"1 to 100":           {"-shards", t.TempDir(), "-count", "1", "-quality", "101"},
		"workers 1 to 256":   {"-stream", "-workers", "300"},
		"without end":        {"-shards", t.TempDir()},
	} {
		var out, say bytes.Buffer
		if err := run(args, &out, &say); err == nil || !strings.Contains(err.Error(), says) || out.Len() > 0 {
			t.Errorf("%v: error %v, want %q", args, err, says)
		}
	}
}
