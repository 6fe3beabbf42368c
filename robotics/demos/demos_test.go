package demos

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/robotics/sim/suites"
)

// played streams episodes, or skips where there is no simulator or nothing to paint with.
func played(t *testing.T, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Stream(&b, o, 0); err != nil {
		for _, missing := range []string{"winnow native install", "cannot be painted here"} {
			if strings.Contains(err.Error(), missing) {
				t.Skip(err)
			}
		}
		t.Fatal(err)
	}
	return b.Bytes()
}

func header(t *testing.T, data []byte) (h Header, rest []byte) {
	t.Helper()
	n := binary.LittleEndian.Uint32(data)
	if err := json.Unmarshal(data[4:4+n], &h); err != nil {
		t.Fatal(err)
	}
	return h, data[4+n:]
}

// TestSameBytes: a stream follows from its options, not from the workers, nor from where it began.
func TestSameBytes(t *testing.T) {
	o := Options{Suites: []string{"table"}, Tasks: []string{"open-drawer", "press-button"}, First: 4, Count: 4, Size: 32, Every: 5, After: 2}
	one := played(t, o)
	o.Workers = 3
	if !bytes.Equal(one, played(t, o)) {
		t.Error("three workers write other bytes than one")
	}
	o.First, o.Count = 6, 2
	if last := played(t, o); len(last) == 0 || !bytes.HasSuffix(one, last) {
		t.Error("episodes 6 and 7 differ where 4 and 5 come before")
	}
}

// TestRecord: a record is as long as its header says, its numbers are the environment's.
func TestRecord(t *testing.T) {
	data := played(t, Options{Suites: []string{"table"}, Tasks: []string{"press-button"}, First: 9, Count: 1, Size: 32, Every: 4, After: 3})
	h, rest := header(t, data)
	numbers := 4 * h.Steps * (h.Proprio + h.Action + h.State)
	if h.Seed != 9 || h.Every != 4 || h.JPEG != 0 || len(rest) != h.Seen()*2*32*32*3+numbers || !strings.Contains(h.Instruction, "button") {
		t.Fatalf("%+v and %d bytes", h, len(rest))
	}
	float := func(i int) float32 {
		return math.Float32frombits(binary.LittleEndian.Uint32(rest[len(rest)-numbers+4*i:]))
	}
	for i := range h.Steps * h.Action {
		if a := float(h.Steps*h.Proprio + i); !(a >= -1 && a <= 1) {
			t.Fatalf("number %d of the actions is %v", i, a)
		}
	}
	// State begins with the robot's own four numbers: both are of the moment before the action.
	for step := range h.Steps {
		for i := range h.Proprio {
			if p, s := float(step*h.Proprio+i), float(h.Steps*(h.Proprio+h.Action)+step*h.State+i); p != s {
				t.Fatalf("step %d: proprio %v, state %v", step, p, s)
			}
		}
	}
	if bytes.Equal(rest[:32*32*3], rest[32*32*3:2*32*32*3]) {
		t.Error("both cameras show the same")
	}
}

// TestSheet: the JPEG of a record shows the pictures in their places.
func TestSheet(t *testing.T) {
	const side = 16
	d := &Demo{Header: Header{Size: side, Cameras: []string{"a", "b"}, Steps: 3, Every: 2}}
	for _, shade := range []byte{0, 80, 160, 240} {
		d.Pixels = append(d.Pixels, bytes.Repeat([]byte{shade}, 3*side*side)...)
	}
	data, err := d.Encode(90)
	if err != nil {
		t.Fatal(err)
	}
	h, rest := header(t, data)
	img, err := jpeg.Decode(bytes.NewReader(rest[:h.JPEG]))
	if err != nil || h.JPEG != len(rest) || img.Bounds().Dx() != 2*side || img.Bounds().Dy() != 2*side {
		t.Fatalf("%v, %d of %d bytes", err, h.JPEG, len(rest))
	}
	for i, want := range []int{0, 80, 160, 240} {
		r, _, _, _ := img.At(i%2*side+side/2, i/2*side+side/2).RGBA()
		if got := int(r >> 8); got < want-3 || got > want+3 {
			t.Errorf("picture %d has shade %d, want %d", i, got, want)
		}
	}
}

// TestShards: files hold what the stream has but for the pictures; bytes bound them.
func TestShards(t *testing.T) {
	o := Options{Suites: []string{"table"}, Tasks: []string{"press-button", "open-drawer"}, Count: 4, Size: 32, Every: 6}
	played(t, o) // or skip
	dir := t.TempDir()
	c, err := Shards(dir, o, 70, 1, 0)
	if err != nil || c.Kept == 0 || c.Kept+c.Failed != 4 {
		t.Fatalf("%v, %v", c, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.demos"))
	if err != nil || len(files) != c.Kept {
		t.Fatalf("%d files of %d episodes, %v", len(files), c.Kept, err)
	}
	var size int64
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h, rest := header(t, data)
		if want := h.JPEG + 4*h.Steps*(h.Proprio+h.Action+h.State); len(rest) != want {
			t.Errorf("%s has %d bytes behind its header, want %d", f, len(rest), want)
		}
		size += int64(len(data))
	}
	if size != c.Bytes {
		t.Errorf("%d bytes lie there, %d were counted", size, c.Bytes)
	}
	if _, err := Shards(dir, o, 70, 1, 0); err == nil || !strings.Contains(err.Error(), "has shards already") {
		t.Errorf("written over: %v", err)
	}
	o.Count = 0
	if few, err := Shards(t.TempDir(), o, 70, 1<<20, size-1); err != nil || few.Bytes > size-1 || few.Kept >= c.Kept {
		t.Errorf("%v within %d bytes, %v", few, size-1, err)
	}
}

func TestWrongOptions(t *testing.T) {
	for says, o := range map[string]Options{
		"no suite is called": {Suites: []string{"tables"}, Count: 1},
		"has a task":         {Tasks: []string{"fly"}, Count: 1},
		"16 to 1024":         {Size: 8, Count: 1},
		"every is 1":         {Every: -1, Count: 1},
		"need a learner":     {Lead: 3, Count: 1},
	} {
		if _, err := Stream(&bytes.Buffer{}, o, 0); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	if _, err := Shards(t.TempDir(), Options{}, 80, 1, 0); err == nil || !strings.Contains(err.Error(), "without end") {
		t.Errorf("error %v", err)
	}
}

// TestCamerasOfAllSuites: the two cameras are ones that every task has.
func TestCamerasOfAllSuites(t *testing.T) {
	tasks, err := suites.Tasks("")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		for _, c := range cameras[task.Suite] {
			if !strings.Contains(" "+strings.Join(task.Cameras, " ")+" ", " "+c+" ") {
				t.Errorf("%s/%s has no camera %q", task.Suite, task.Name, c)
			}
		}
		if len(cameras[task.Suite]) != 2 || len(task.Action) != 4 || len(task.Proprio) != 4 {
			t.Errorf("%s/%s does not fit two pictures, four numbers of state and four an action", task.Suite, task.Name)
		}
	}
}
