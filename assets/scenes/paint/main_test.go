package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func TestStreamReadsBackAndWorkersChangeNothing(t *testing.T) {
	var one, three bytes.Buffer
	if err := run([]string{"-stream", "-seed", "5", "-count", "7", "-size", "112"}, &one); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-stream", "-seed", "5", "-count", "7", "-size", "112", "-workers", "3"}, &three); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), three.Bytes()) {
		t.Error("three workers write other bytes than one")
	}
	for i := range 7 {
		n := binary.LittleEndian.Uint32(one.Next(4))
		var h Header
		if err := json.Unmarshal(one.Next(int(n)), &h); err != nil {
			t.Fatal(err)
		}
		if h.Seed != uint64(5+i) || h.Size != 112 || len(h.Objects) == 0 || len(h.Labels.Noun) != 64 || len(h.Questions) != 12 {
			t.Errorf("record %d: %+v", i, h)
		}
		if len(one.Next(3*112*112)) != 3*112*112 {
			t.Fatal("pixels are missing")
		}
	}
	if one.Len() != 0 {
		t.Errorf("%d bytes too many", one.Len())
	}
}

func TestOnlyNamedBackgrounds(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-stream", "-count", "12", "-size", "64", "-patch", "16", "-backgrounds", "wood,clouds"}, &out); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for out.Len() > 0 {
		n := binary.LittleEndian.Uint32(out.Next(4))
		var h Header
		if err := json.Unmarshal(out.Next(int(n)), &h); err != nil {
			t.Fatal(err)
		}
		out.Next(3 * 64 * 64)
		seen[h.Background]++
	}
	if len(seen) != 2 || seen["wood"]+seen["clouds"] != 12 {
		t.Errorf("backgrounds seen: %v", seen)
	}
	if err := run([]string{"-stream", "-count", "1", "-backgrounds", "wod"}, &out); err == nil {
		t.Error("an unknown background is taken")
	}
}

func TestSheet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.png")
	if err := run([]string{"-sheet", file, "-n", "5"}, nil); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if p, err := png.Decode(f); err != nil || p.Bounds().Dx() != 4*232 {
		t.Errorf("sheet: %v %v", p.Bounds(), err)
	}
	if err := run(nil, nil); err == nil {
		t.Error("nothing to do is taken")
	}
}
