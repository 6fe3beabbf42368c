package export

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"winnow/robotics/episode"
)

// csvSink writes RFC 4180, decimals with a point. A cell is empty where the policy was not asked.
// The columns' units and frames go to FILE-metadata.json, as "Metadata Vocabulary for Tabular Data"
// (W3C, 2015, section 5.2 of the model) has it, for CSV has no place for them.
type csvSink struct {
	p        *pending
	f        *os.File
	w        *csv.Writer
	episodes int
}

func openCSV(p *pending, _ Options) (sink, error) {
	meta, err := begin(p.target+"-metadata.json", false)
	if err != nil {
		return nil, err
	}
	p.beside = append(p.beside, meta)
	f, err := reopen(p.tmp)
	if err != nil {
		return nil, err
	}
	s := &csvSink{p: p, f: f, w: csv.NewWriter(f)}
	s.w.UseCRLF = true
	return s, nil
}

// csvColumn is one column and what its metadata says.
type csvColumn struct {
	Name        string `json:"name"`
	Titles      string `json:"titles"`
	Datatype    string `json:"datatype"`
	Description string `json:"dc:description,omitempty"`
	Unit        string `json:"schema:unitText,omitempty"`
	Frame       string `json:"winnow:frame,omitempty"`
	Kind        string `json:"winnow:kind,omitempty"`
}

func csvColumns(e *episode.Episode) ([]csvColumn, error) {
	plain := func(name, datatype, unit, says string) csvColumn {
		return csvColumn{Name: name, Titles: name, Datatype: datatype, Description: says, Unit: unit}
	}
	vector := func(prefix, says string, dims []episode.Dim) (out []csvColumn) {
		for _, d := range dims {
			c := plain(prefix+d.Name, "float", d.Unit, says)
			c.Frame, c.Kind = d.Frame, string(d.Kind)
			out = append(out, c)
		}
		return out
	}
	columns := []csvColumn{
		plain("episode", "integer", "", "number of the episode"),
		plain("step", "integer", "", "number of the control step in its episode"),
		plain("time_s", "double", "s", "since step 0"),
	}
	columns = append(columns, vector("", "action carried out", e.Action)...)
	columns = append(columns,
		plain("keep_ratio", "double", "1", "visual tokens kept over all, at the policy's call"),
		plain("kept", "integer", "", "visual tokens kept"),
		plain("total", "integer", "", "visual tokens"),
		plain("ms", "double", "ms", "measured time of the policy's call"),
		plain("flops", "double", "", "counted floating-point operations of the call"),
		plain("reward", "double", "1", "of the environment, after the action"),
		plain("success", "boolean", "", "the environment's word after the action"))
	columns = append(columns, vector("state.", "state before the action", e.State)...)
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c.Name] {
			return nil, fmt.Errorf("an action dimension is named %s, as another column of the CSV is; rename it", c.Name)
		}
		seen[c.Name] = true
	}
	return columns, nil
}

func (s *csvSink) begin(e *episode.Episode) error {
	columns, err := csvColumns(e)
	if err != nil {
		return err
	}
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.Name
	}
	meta, err := json.MarshalIndent(map[string]any{
		"@context": []any{"http://www.w3.org/ns/csvw", map[string]string{"@language": "en"}},
		"url":      filepath.Base(s.p.target),
		"dialect":  map[string]any{"header": true, "lineTerminators": []string{"\r\n"}},
		// What is the same in every row; CSVW keeps annotations of its own under prefixed names.
		"winnow:fps":   e.FPS,
		"winnow:robot": e.Robot,
		"tableSchema":  map[string]any{"columns": columns},
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.p.beside[0].tmp, append(meta, '\n'), 0o644); err != nil {
		return err
	}
	return s.w.Write(header)
}

func (s *csvSink) add(e *episode.Episode, report func(int) error) error {
	if s.episodes == 0 {
		if err := s.begin(e); err != nil {
			return err
		}
	}
	for i := range e.Steps {
		if err := s.w.Write(csvRow(s.episodes, i, &e.Steps[i])); err != nil {
			return err
		}
		if err := report(i + 1); err != nil {
			return err
		}
	}
	s.episodes++
	return nil
}

func csvRow(index, i int, s *episode.Step) []string {
	double := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	single := func(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }
	row := []string{strconv.Itoa(index), strconv.Itoa(i), double(s.Time)}
	for _, v := range s.Action {
		row = append(row, single(v))
	}
	if p := s.Pruning; p != nil {
		row = append(row, double(ratio(p)), strconv.Itoa(p.Kept), strconv.Itoa(p.Total), double(p.MS), double(p.FLOPs))
	} else {
		row = append(row, "", "", "", "", "")
	}
	row = append(row, double(s.Reward), strconv.FormatBool(s.Success))
	for _, v := range s.State {
		row = append(row, single(v))
	}
	return row
}

func (s *csvSink) finish() error {
	s.w.Flush()
	if err := s.w.Error(); err != nil {
		return err
	}
	return s.f.Close()
}

func (s *csvSink) close() { s.f.Close() }
