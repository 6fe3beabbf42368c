package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winnow/robotics"
	"winnow/robotics/export"
)

// exportKinds are the words of --export, how their files end ("" is a folder), and whether pictures
// are in them.
var exportKinds = []struct {
	word     string
	format   export.Format
	ending   string
	pictures bool
}{
	{"lerobot", export.LeRobotV3, "", true}, {"lerobot-v2.1", export.LeRobotV21, "", true},
	{"mcap", export.MCAP, ".mcap", true}, {"csv", export.CSV, ".csv", false}, {"jsonl", export.JSONL, ".jsonl", false},
}

// exported is an export on its way.
type exported struct {
	writer   *export.Writer
	kind     string
	path     string
	pictures bool // the format has them
}

// exporting checks --export and --out.
func (c *actCmd) exporting() error {
	switch {
	case c.Export == "" && c.Out != "":
		return usagef("--out says where an export goes; say which with --export: %s", exportWords())
	case c.Export == "":
		return nil
	case !slices.Contains(strings.Split(exportWords(), ", "), c.Export):
		return usagef("there is no export %q; choose from %s", c.Export, exportWords())
	case c.Out == "":
		return usagef("--export %s needs --out: a new folder for lerobot, else a file", c.Export)
	}
	return nil
}

func exportWords() string {
	var out []string
	for _, k := range exportKinds {
		out = append(out, k.word)
	}
	return strings.Join(out, ", ")
}

// begin readies the export before anything runs, so that a target that cannot be written is known;
// nil where none was asked for.
func (c *actCmd) begin(j robotics.Job) (*exported, error) {
	if c.Export == "" {
		return nil, nil
	}
	for _, k := range exportKinds {
		if k.word != c.Export {
			continue
		}
		path := c.Out
		if info, err := os.Stat(path); err == nil && info.IsDir() && !k.format.Folder() {
			path = filepath.Join(path, j.Suite+"-"+j.Task+k.ending)
		}
		w, err := export.Begin(k.format, path, export.Options{})
		if err != nil {
			return nil, err
		}
		return &exported{writer: w, kind: k.word, path: path, pictures: k.pictures}, nil
	}
	return nil, c.exporting() // not reached: the word was checked
}

// discard removes what was not committed.
func (e *exported) discard() {
	if e != nil {
		e.writer.Discard()
	}
}
