package episode

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func encoded(t testing.TB, e *Episode) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := e.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnEpisodeComesBackFromItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.episode")
	want := sample(t, 5)
	if err := Save(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestAnEpisodeWithoutStateOrCamerasComesBack(t *testing.T) {
	e := sample(t, 2)
	e.State, e.Cameras = []Dim{}, []Camera{}
	for i := range e.Steps {
		e.Steps[i].State, e.Steps[i].Pictures, e.Steps[i].Pruning = []float32{}, nil, nil
	}
	got, err := Read(bytes.NewReader(encoded(t, e)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, e) {
		t.Errorf("got\n%+v\nwant\n%+v", got, e)
	}
}

// Every cut and every flipped byte is noticed: the first by the end, the second by the checksum.
func TestDamageIsNoticed(t *testing.T) {
	whole := encoded(t, sample(t, 2))
	for n := range whole {
		if _, err := Read(bytes.NewReader(whole[:n])); err == nil {
			t.Fatalf("the first %d of %d bytes were read as an episode", n, len(whole))
		}
		bad := bytes.Clone(whole)
		bad[n] ^= 0x10
		if _, err := Read(bytes.NewReader(bad)); err == nil {
			t.Fatalf("byte %d was flipped and nobody noticed", n)
		}
	}
	if _, err := Read(bytes.NewReader(append(whole, 0))); err == nil || !strings.Contains(err.Error(), "follows the end") {
		t.Errorf("a byte too many gave %v", err)
	}
}

// A file that claims much and holds little must not cost memory.
func TestClaimsAreNotBelieved(t *testing.T) {
	e := sample(t, 1)
	whole := encoded(t, e)
	png := e.Steps[0].Pictures[0].Data
	at := bytes.Index(whole, png) - 4
	claim := func(n uint32) []byte {
		b := bytes.Clone(whole)
		binary.LittleEndian.PutUint32(b[at:], n)
		binary.LittleEndian.PutUint32(b[len(b)-4:], crc32.ChecksumIEEE(b[:len(b)-4]))
		return b
	}
	if _, err := Read(bytes.NewReader(claim(MaxPicture + 1))); err == nil || !strings.Contains(err.Error(), "limit is") {
		t.Errorf("a picture over the limit gave %v", err)
	}
	got := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := Read(bytes.NewReader(claim(MaxPicture))); err == nil || !strings.Contains(err.Error(), "ends before") {
				b.Fatalf("a picture that is not there gave %v", err)
			}
		}
	})
	if per := got.AllocedBytesPerOp(); per > 4<<20 {
		t.Errorf("%d bytes were allocated for a file of %d", per, len(whole))
	}
}

func TestNothingIsWrittenOfAnUnsoundEpisode(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.episode")
	good := sample(t, 2)
	if err := Save(path, good); err != nil {
		t.Fatal(err)
	}
	bad := sample(t, 2)
	bad.Steps[1].Action = nil
	if err := Save(path, bad); err == nil || !strings.Contains(err.Error(), "was not written") {
		t.Errorf("got %v", err)
	}
	if got, err := Open(path); err != nil || !reflect.DeepEqual(got, good) {
		t.Errorf("the episode that was there is gone: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files are left, want 1", len(left))
	}
	if err := Save(filepath.Join(path, "x.episode"), good); err == nil || !strings.Contains(err.Error(), "was not written") {
		t.Errorf("saving below a file gave %v", err)
	}
}

func TestStrangersAreTurnedAway(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "there is no file") {
		t.Errorf("got %v", err)
	}
	if _, err := Read(strings.NewReader("PK\x03\x04 something else")); err == nil || !strings.Contains(err.Error(), "no episode file") {
		t.Errorf("got %v", err)
	}
}

// What is read is valid and is written as it was.
func FuzzRead(f *testing.F) {
	f.Add(encoded(f, sample(f, 2)))
	f.Add(encoded(f, sample(f, 1)))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		// The checksum is set right, so that the fuzzer gets past it.
		if len(b) > 4 {
			b = bytes.Clone(b)
			binary.LittleEndian.PutUint32(b[len(b)-4:], crc32.ChecksumIEEE(b[:len(b)-4]))
		}
		e, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := Read(bytes.NewReader(encoded(t, e)))
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("read, written and read again it differs: %v", err)
		}
	})
}
