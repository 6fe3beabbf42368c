package demos

import (
	"bytes"
	"encoding/json"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"winnow/internal/compute"
	"winnow/internal/compute/computetest"
	"winnow/internal/tensors"
	"winnow/pruning/cogvla"
	"winnow/robotics/policy"
	"winnow/vision/preprocess"
)

// reference is what assets/train-robot/export.py writes beside a policy: an observation, and what
// PyTorch makes of it with the weights as they are stored.
type reference struct {
	Suite, Instruction  string
	Side                int
	Prompt, Kept        []int
	State               []float64
	Raw, Pictures       [][]byte
	Gate                []float32
	Normalised, Actions [][]float64
}

// TestAsPyTorch: the exported policies in testdata, those inside the program, and the one in
// $WINNOW_ROBOT_POLICY, compute in Go what they compute in PyTorch, from the picture of the simulator on.
func TestAsPyTorch(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("testdata", "*", "reference.json"))
	if err != nil || len(dirs) != 3 {
		t.Fatalf("testdata has %d policies, %v", len(dirs), err)
	}
	shipped, err := filepath.Glob(filepath.Join("..", "..", "assets", "models", "robot-*", "reference.json"))
	if err != nil || len(shipped) == 0 {
		t.Fatalf("assets/models has %d policies with a reference, %v", len(shipped), err)
	}
	dirs = append(dirs, shipped...)
	if own := os.Getenv("WINNOW_ROBOT_POLICY"); own != "" {
		dirs = append(dirs, filepath.Join(own, "reference.json"))
	}
	for _, path := range dirs {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			computetest.OnEach(t, func(t *testing.T, be compute.Backend) { compare(t, be, path) })
		})
	}
}

func compare(t *testing.T, be compute.Backend, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want reference
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Open(filepath.Dir(path), be, tensors.Exact)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ids, err := p.Encode(want.Instruction)
	if err != nil || !slices.Equal(ids, want.Prompt) {
		t.Fatalf("%q becomes %v, want %v; %v", want.Instruction, ids, want.Prompt, err)
	}
	o := policy.Observation{Prompt: ids, State: want.State, DataSet: want.Suite}
	for i, raw := range want.Raw {
		got, err := p.Config.Prepare(picture(raw, want.Side), false)
		if err != nil {
			t.Fatal(err)
		}
		if n := apart(got.Pix, want.Pictures[i]); n > 1 {
			t.Errorf("picture %d is prepared up to %d of 255 off", i, n)
		}
		// The pixels of PyTorch, so that a rounding of one does not hide what is compared next.
		o.Pictures = append(o.Pictures, preprocess.Bytes{Pix: want.Pictures[i], W: want.Side, H: want.Side})
	}
	var opt policy.Options
	if p.Config.Schedule != "" {
		s, err := cogvla.ParseType(p.Config.Schedule, p.Config.Average)
		if err != nil {
			t.Fatal(err)
		}
		opt.Method = &cogvla.CogVLA{Schedule: s.Type, Average: s.Average, Max: s.Max, Min: s.Min, Span: s.Span}
	}
	r, err := p.Run(t.Context(), o, opt)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Kept(), want.Kept) {
		t.Errorf("layers keep %v visual rows, want %v", r.Kept(), want.Kept)
	}
	near := func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-4 }
	if !slices.EqualFunc(r.Gate, want.Gate, near) {
		t.Errorf("gate %v, want %v", r.Gate, want.Gate)
	}
	for i := range want.Actions {
		for j := range want.Actions[i] {
			if e := math.Abs(r.Normalised[i][j] - want.Normalised[i][j]); e > 2e-4 {
				t.Errorf("number %d of action %d is %.5f, want %.5f", j, i, r.Normalised[i][j], want.Normalised[i][j])
			}
			if e := math.Abs(r.Actions[i][j] - want.Actions[i][j]); e > 4e-4 {
				t.Errorf("in the robot's units number %d of action %d is %.5f, want %.5f", j, i, r.Actions[i][j], want.Actions[i][j])
			}
		}
	}
	// The pictures matter, so this test can fail.
	o.Pictures[0] = preprocess.Bytes{Pix: bytes.Repeat([]byte{255}, len(o.Pictures[0].Pix)), W: want.Side, H: want.Side}
	other, err := p.Run(t.Context(), o, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Logits) > 0 && slices.EqualFunc(other.Logits, r.Logits, slices.Equal[[]float32]) {
		t.Error("a white picture leads to the same scores")
	}
	if len(r.Logits) == 0 && slices.EqualFunc(other.Normalised, r.Normalised, slices.Equal[[]float64]) { // bins can agree by chance
		t.Error("a white picture leads to the same actions")
	}
}

func picture(rgb []byte, side int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		copy(img.Pix[4*i:], rgb[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}

func apart(a, b []byte) (most int) {
	if len(a) != len(b) {
		return 255
	}
	for i := range a {
		most = max(most, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return most
}
