package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
)

func TestCSVHoldsTheNumbersAndItsMetadataTheirUnits(t *testing.T) {
	path := exported(t, CSV, deltaDims, Options{})
	b := read(t, path)
	if !bytes.Contains(b, []byte("\r\n")) {
		t.Error("RFC 4180 ends lines by CR LF")
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	const head = "episode,step,time_s,dx,dy,dz,droll,dpitch,dyaw,grip,keep_ratio,kept,total,ms,"
	if got := strings.Join(rows[0], ","); !strings.HasPrefix(got, head) {
		t.Errorf("the header is %s, want %s…", got, head)
	}
	if len(rows) != 9 {
		t.Fatalf("%d rows, want a header and 8", len(rows))
	}
	if got := strings.Join(rows[7], ","); got != "1,1,0.1,1.125,1.140625,1.15625,1.171875,1.1875,1.203125,1.21875,,,,,,0.25,false,-1.125,-1.140625,-1.15625" {
		t.Errorf("step 1 of episode 1 is %s", got)
	}
	if got := strings.Join(rows[8], ","); got != "1,2,0.2,1.25,1.265625,1.28125,1.296875,1.3125,1.328125,1.34375,0.5,3,6,2.5,1e+09,0.5,true,-1.25,-1.265625,-1.28125" {
		t.Errorf("step 2 of episode 1 is %s", got)
	}
	var meta struct {
		URL         string
		TableSchema struct {
			Columns []map[string]string
		}
	}
	if err := json.Unmarshal(read(t, path+"-metadata.json"), &meta); err != nil {
		t.Fatal(err)
	}
	if len(meta.TableSchema.Columns) != len(rows[0]) || meta.URL != "out.csv" {
		t.Fatalf("metadata of %s has %d columns, the file %d", meta.URL, len(meta.TableSchema.Columns), len(rows[0]))
	}
	for i, c := range meta.TableSchema.Columns {
		if c["name"] != rows[0][i] {
			t.Errorf("column %d is %s in the file and %s in its metadata", i, rows[0][i], c["name"])
		}
	}
	if c := meta.TableSchema.Columns[3]; c["winnow:frame"] != "panda_link0" || c["schema:unitText"] != "1" {
		t.Errorf("dx is described as %v", c)
	}
}

func TestCSVRefusesTwoColumnsOfOneName(t *testing.T) {
	e := run(t, 0, 2, jointDims)
	e.Action = append(e.Action[:0:0], e.Action...)
	e.Action[0].Name = "step"
	if _, err := csvColumns(e); err == nil || !strings.Contains(err.Error(), "named step") {
		t.Error(err)
	}
}

func TestJSONLHoldsAllThatWasRecorded(t *testing.T) {
	want := run(t, 1, 3, jointDims)
	lines := bufio.NewScanner(bytes.NewReader(read(t, exported(t, JSONL, jointDims, Options{Pictures: true}))))
	lines.Buffer(nil, 1<<20)
	var got []map[string]any
	for lines.Scan() {
		m := map[string]any{}
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		if m["schema"] != 1.0 {
			t.Fatalf("a line says schema %v", m["schema"])
		}
		got = append(got, m)
	}
	if len(got) != 10 {
		t.Fatalf("%d lines, want 2 for episodes and 8 for steps", len(got))
	}
	about := got[6]
	if about["type"] != "episode" || about["episode"] != 1.0 || about["instruction"] != want.Instruction || about["steps"] != 3.0 || about["success"] != true {
		t.Errorf("the second episode is told as %v", about)
	}
	// Step 2 of episode 1 has everything.
	var line stepLine
	b, _ := json.Marshal(got[9])
	if err := json.Unmarshal(b, &line); err != nil {
		t.Fatal(err)
	}
	s := want.Steps[2]
	if line.Step != 2 || line.Time != 0.2 || line.Action[1] != s.Action[1] || line.Chunk[1][2] != s.Chunk[1][2] || line.Dense[0] != s.Dense[0] {
		t.Errorf("the step is told as %+v", line)
	}
	p := line.Pruning
	if p.Ratio != 0.5 || p.Grid[0] != 2 || p.Grid[1] != 3 || p.Camera != "front" || p.Box[2] != 8 || p.Mask[0] != 1 || p.Mask[1] != 0 || p.MS != 2.5 {
		t.Errorf("the pruning is told as %+v", p)
	}
	for i, pic := range line.Pictures {
		if !bytes.Equal(pic.Data, s.Pictures[i].Data) || pic.Camera != want.Cameras[i].Name {
			t.Errorf("picture %d differs", i)
		}
	}
	if bytes.Contains(read(t, exported(t, JSONL, jointDims, Options{})), []byte(`"pictures"`)) {
		t.Error("pictures are in the file without being asked for")
	}
}
