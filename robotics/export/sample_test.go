package export

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"winnow/robotics/episode"
)

var (
	jointDims = []episode.Dim{
		{Name: "panda_joint1", Unit: "rad", Kind: episode.Joint},
		{Name: "panda_joint2", Unit: "rad", Kind: episode.Joint},
		{Name: "panda_finger", Unit: "m", Kind: episode.Gripper},
	}
	deltaDims = []episode.Dim{
		{Name: "dx", Unit: "1", Frame: "panda_link0", Kind: episode.Translation},
		{Name: "dy", Unit: "1", Frame: "panda_link0", Kind: episode.Translation},
		{Name: "dz", Unit: "1", Frame: "panda_link0", Kind: episode.Translation},
		{Name: "droll", Unit: "1", Frame: "panda_link0", Kind: episode.Rotation},
		{Name: "dpitch", Unit: "1", Frame: "panda_link0", Kind: episode.Rotation},
		{Name: "dyaw", Unit: "1", Frame: "panda_link0", Kind: episode.Rotation},
		{Name: "grip", Unit: "1", Kind: episode.Gripper},
	}
)

// run is an episode whose every number can be told from its place. Number d of the action at step i
// of episode k is k + i/8 + d/64, of the state minus that; both are exact in binary.
func run(t testing.TB, k, steps int, action []episode.Dim) *episode.Episode {
	t.Helper()
	e := &episode.Episode{
		Suite: "libero_object", Task: "milk", Instruction: []string{"pick up the milk", "räum <den Tisch> ab"}[k%2],
		Robot: "panda", FPS: 10, Model: "tiny", Method: "fastv", Keep: 0.5, Seed: int64(k),
		Started: time.Unix(1_700_000_000+int64(k)*100, 0).UTC(),
		State:   jointDims, Action: action,
		Cameras: []episode.Camera{
			{Name: "front", Width: 8, Height: 6, Frame: "front_optical"},
			{Name: "wrist", Width: 4, Height: 4},
		},
	}
	vector := func(dims []episode.Dim, i int, sign float32) []float32 {
		out := make([]float32, len(dims))
		for d := range out {
			out[d] = sign * (float32(k) + float32(i)/8 + float32(d)/64)
		}
		return out
	}
	for i := range steps {
		s := episode.Step{
			Time: float64(i) / 10, State: vector(jointDims, i, -1), Action: vector(action, i, 1),
			Reward: float64(i) / 4, Success: i == steps-1,
			Pictures: []episode.Picture{paintPNG(t, e.Cameras[0], k, i), paintJPEG(t, e.Cameras[1], k, i)},
		}
		if i%2 == 0 {
			s.Chunk = [][]float32{vector(action, i, 1), vector(action, i+1, 1)}
			s.Dense = vector(action, i, 2)
			s.Pruning = &episode.Pruning{Kept: 3, Total: 6, MS: 2.5, FLOPs: 1e9,
				Mask: []bool{true, false, true, false, false, i%4 == 0}, Rows: 2, Cols: 3, Box: episode.Box{MaxX: 8, MaxY: 6}}
		}
		e.Steps = append(e.Steps, s)
	}
	return e
}

// paintPNG has at (x, y) the colour (10x+i, 20y+k, 128).
func paintPNG(t testing.TB, c episode.Camera, k, i int) episode.Picture {
	t.Helper()
	p, err := episode.FromRGBA(paint(c, k, i))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func paint(c episode.Camera, k, i int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	for y := range c.Height {
		for x := range c.Width {
			copy(img.Pix[img.PixOffset(x, y):], []byte{byte(10*x + i), byte(20*y + k), 128, 255})
		}
	}
	return img
}

func paintJPEG(t testing.TB, c episode.Camera, k, i int) episode.Picture {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, paint(c, k, i), &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return episode.Picture{Format: episode.JPEG, Data: b.Bytes()}
}

// exported writes two episodes of 5 and 3 steps and returns where.
func exported(t testing.TB, format Format, action []episode.Dim, o Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out."+string(format))
	if err := Write(context.Background(), format, path, Memory(run(t, 0, 5, action), run(t, 1, 3, action)), o); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func nan32() float32 { return float32(math.NaN()) }
