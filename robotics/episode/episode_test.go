package episode

import (
	"fmt"
	"image"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sample is an episode of n steps with everything in it; its numbers tell their place.
func sample(t testing.TB, n int) *Episode {
	t.Helper()
	e := &Episode{
		Suite: "libero_object", Task: "pick_up_the_milk", Instruction: "pick up the milk – und stell es hin",
		Robot: "panda", FPS: 20, Model: "tiny", Method: "fastv keep=0.5", Keep: 0.5, Seed: -7,
		Started: time.Date(2026, 5, 4, 3, 2, 1, 500, time.UTC),
		State:   []Dim{{"joint1", "rad", "", Joint}, {"opening", "m", "", Gripper}},
		Action:  []Dim{{"dx", "1", "base", Translation}, {"dyaw", "1", "base", Rotation}, {"grip", "1", "", Gripper}},
		Cameras: []Camera{{"front", 6, 4, "front_optical"}, {"wrist", 3, 5, ""}},
	}
	for i := range n {
		s := Step{
			Time: float64(i) / 20, Reward: float64(i) / 4, Success: i == n-1,
			State:  []float32{float32(i), 0.5},
			Action: []float32{0.1 * float32(i), -1, 1},
		}
		for c, cam := range e.Cameras {
			s.Pictures = append(s.Pictures, painted(t, cam, i, c))
		}
		if i%2 == 0 {
			s.Chunk = [][]float32{{1, 2, 3}, {4, 5, float32(i)}}
			s.Dense = []float32{9, 8, 7}
			s.Pruning = &Pruning{Kept: 3, Total: 6, MS: 1.5, FLOPs: 1e9, Mask: []bool{true, false, true, false, false, true},
				Rows: 2, Cols: 3, Camera: 0, Box: Box{0, 0, 6, 4}}
		}
		if i == 1 {
			s.Pruning = &Pruning{Kept: 6, Total: 6}
		}
		e.Steps = append(e.Steps, s)
	}
	return e
}

func painted(t testing.TB, c Camera, i, j int) Picture {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	for p := range img.Pix {
		img.Pix[p] = byte(p*7 + i*31 + j*101)
	}
	pic, err := FromRGBA(img)
	if err != nil {
		t.Fatal(err)
	}
	return pic
}

func TestWhatIsWrongIsNamedByStepAndDimension(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		spoil func(*Episode)
		say   string
	}{
		{func(e *Episode) { e.Steps[1].Action[2] = nan }, "the action of step 1 is NaN in dimension 2 (grip)"},
		{func(e *Episode) { e.Steps[2].State[0] = float32(math.Inf(1)) }, "the state of step 2 is +Inf in dimension 0 (joint1)"},
		{func(e *Episode) { e.Steps[0].Chunk[1][0] = nan }, "action 1 of the chunk of step 0 is NaN in dimension 0 (dx)"},
		{func(e *Episode) { e.Steps[0].Dense[1] = nan }, "dense action of step 0 is NaN in dimension 1 (dyaw)"},
		{func(e *Episode) { e.Steps[1].State = e.Steps[1].State[:1] }, "the state of step 1 has 1 numbers, the episode names 2"},
		{func(e *Episode) { e.Steps[1].Reward = math.NaN() }, "the reward of step 1 is NaN"},
		{func(e *Episode) { e.Steps[2].Time = e.Steps[1].Time }, "times must rise"},
		{func(e *Episode) { e.Steps[1].Pictures = nil }, "step 1 has 0 pictures, the episode has 2 cameras"},
		{func(e *Episode) { e.Steps[1].Pictures[0] = e.Steps[1].Pictures[1] }, "camera front at step 1 has 3×5 pixels, the camera 6×4"},
		{func(e *Episode) { e.Steps[1].Pictures[0].Data = []byte("no") }, "picture of camera front at step 1 cannot be read"},
		{func(e *Episode) { e.Steps[1].Pictures[0].Format = "gif" }, `format is "gif"`},
		{func(e *Episode) { e.Steps[0].Pruning.Kept = 7 }, "step 0 kept 7 of 6 visual tokens"},
		{func(e *Episode) { e.Steps[0].Pruning.Cols = 4 }, "kept mask of step 0 has 6 cells for a grid of 2×4"},
		{func(e *Episode) { e.Steps[0].Pruning.Box.MaxX = 7 }, "no part of the 6×4 picture of camera front"},
		{func(e *Episode) { e.Steps[0].Pruning.MS = math.NaN() }, "took NaN ms"},
		{func(e *Episode) { e.Steps = nil }, "no steps"},
		{func(e *Episode) { e.FPS = 0 }, "fps must lie"},
		{func(e *Episode) { e.Instruction = " " }, "no instruction"},
		{func(e *Episode) { e.Task = "a\x00b" }, "task holds a zero byte"},
		{func(e *Episode) { e.Robot = "\xff" }, "robot is not UTF-8"},
		{func(e *Episode) { e.Action = nil }, "actions have no dimensions"},
		{func(e *Episode) { e.Action[1].Name = "dx" }, "action dimensions 0 and 1 are both named dx"},
		{func(e *Episode) { e.State[1].Unit = "" }, "state dimension 1 (opening) has no unit"},
		{func(e *Episode) { e.State[1].Kind = "leg" }, `is of kind "leg"`},
		{func(e *Episode) { e.Cameras[1].Name = "front" }, "two cameras are named front"},
		{func(e *Episode) { e.Cameras[1].Name = "a/b" }, `camera 1 is named "a/b"`},
		{func(e *Episode) { e.Cameras[0].Width = 0 }, "pictures of 0×4 pixels"},
		{func(e *Episode) { e.Keep = math.NaN() }, "keep ratio is NaN"},
	} {
		e := sample(t, 3)
		c.spoil(e)
		if err := e.Validate(); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("got %v, want a sentence with %q", err, c.say)
		}
	}
	if err := sample(t, 3).Validate(); err != nil {
		t.Errorf("a sound episode is refused: %v", err)
	}
}

func TestRecorderCopiesAndRefuses(t *testing.T) {
	e := sample(t, 3)
	about := *e
	rec, err := NewRecorder(about)
	if err != nil {
		t.Fatal(err)
	}
	first := e.Steps[0].clone()
	if err := rec.Add(first); err != nil {
		t.Fatal(err)
	}
	first.State[0], first.Chunk[0][0], first.Pruning.Mask[0] = 99, 99, false // the caller's buffers are its own again
	early := rec.Episode()
	bad := e.Steps[1].clone()
	bad.Action[0] = float32(math.NaN())
	if err := rec.Add(bad); err == nil || !strings.Contains(err.Error(), "step 1") {
		t.Errorf("a step with NaN gave %v", err)
	}
	for _, s := range e.Steps[1:] {
		if err := rec.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	if got := rec.Episode(); !reflect.DeepEqual(got, e) {
		t.Errorf("recorded\n%+v\nwant\n%+v", got, e)
	}
	if len(early.Steps) != 1 || rec.Len() != 3 {
		t.Errorf("an earlier look has %d steps, the recorder %d; want 1 and 3", len(early.Steps), rec.Len())
	}
	if _, err := NewRecorder(Episode{}); err == nil {
		t.Error("an episode without anything was begun")
	}
}

func TestPicturesComeBack(t *testing.T) {
	img := image.NewRGBA(image.Rect(2, 1, 9, 6)) // bounds need not begin at zero
	for i := range img.Pix {
		img.Pix[i] = byte(i * 5)
	}
	p, err := FromRGBA(img)
	if err != nil {
		t.Fatal(err)
	}
	back, err := p.RGBA()
	if err != nil {
		t.Fatal(err)
	}
	for y := range 5 {
		for x := range 7 {
			a, b := img.RGBAAt(x+2, y+1), back.RGBAAt(x, y)
			if a.R != b.R || a.G != b.G || a.B != b.B || b.A != 255 {
				t.Fatalf("pixel (%d,%d) was %v and is %v", x, y, a, b)
			}
		}
	}
}

func TestSums(t *testing.T) {
	e := sample(t, 4)
	if !e.Success() || e.Return() != 1.5 {
		t.Errorf("success %v, return %v; want true, 1.5", e.Success(), e.Return())
	}
	if got := fmt.Sprint(Names(e.Action), Units(e.State), Frames(e.Action)); got != "[dx dyaw grip] [rad m] [base base ]" {
		t.Error(got)
	}
}
