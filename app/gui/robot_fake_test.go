package gui

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"sync"
	"time"

	"winnow/app/engine"
	"winnow/internal/trace"
)

// fakeRobot is a fakeEngine in which a hand puts a red cube into a bowl, and which can go on in the
// middle.
type fakeRobot struct {
	fakeEngine
	// only lists no policy but the expert.
	only bool
	// fail is what a run ends with at once, where it is not empty; refuse ends those that go on.
	fail, refuse string
	// side of the pictures, 0: 48.
	side int

	scene sync.Mutex
	at    moment // where the episode stands
	told  string
}

// The run that is scripted: 24 steps an episode, asked every 8; 6 × 6 patches, 2 cameras of 9
// aggregation tokens, 4 layers.
const (
	fakeSteps, fakeChunk    = 24, 8
	fakePatches, fakeTokens = 6, 9
	fakeRouted              = 4
	fakeGrasp, fakeRelease  = 9, 19
)

func (f *fakeRobot) Models(ctx context.Context) ([]engine.ModelEntry, error) {
	list, err := f.fakeEngine.Models(ctx)
	if !f.only {
		for _, m := range [][2]string{{policyDense, "Dense 4.8M"}, {policyStage1, "Stage 1 4.8M"}, {policyCogVLA, "CogVLA 4.8M"}} {
			list = append(list, engine.ModelEntry{Name: m[0], Title: m[1], Acts: true, Installed: true, BuiltIn: true, Bytes: 4_900_000})
		}
	}
	return append(list, engine.ModelEntry{Name: trace.Expert, Title: "Scripted expert", Acts: true, Installed: true, BuiltIn: true}), err
}

func (f *fakeRobot) Run(ctx context.Context, r trace.Request, emit func(trace.Event)) error {
	if r.Act == nil {
		return f.fakeEngine.Run(ctx, r, emit)
	}
	f.mu.Lock()
	f.runs = append(f.runs, r)
	pause, fail, refuse := f.pause, f.fail, f.refuse
	f.mu.Unlock()
	f.scene.Lock()
	defer f.scene.Unlock()
	emit(trace.Started{Schema: trace.Schema, Version: "test", Time: "2026-01-02T03:04:05Z", Request: r})
	if r.Act.Continue && refuse != "" {
		fail = refuse
	}
	if fail != "" {
		emit(trace.Failed{Error: fail})
		emit(trace.Ended{})
		return fmt.Errorf("%s", fail)
	}
	emit(trace.Model{Name: r.Model, Layers: fakeRouted, Device: "cpu", Backend: "fake", Threads: 2})
	emit(f.acting(r))
	if !r.Act.Continue {
		f.at = moment{}
	}
	goesOn := r.Act.Continue
	for moves := 0; f.at.episode < r.Act.Episodes; {
		e := f.at.episode
		if !goesOn {
			f.told = "put the red cube in the bowl"
			if r.Act.Instruction != "" {
				f.told = r.Act.Instruction
			}
			emit(trace.EpisodeStarted{Episode: e, Seed: r.Act.Seed + uint64(e), Instruction: f.told})
		}
		looks := goesOn && r.Act.Instruction != "" && r.Act.Instruction != f.told
		if looks {
			f.told = r.Act.Instruction
		}
		for goesOn = false; f.at.step < fakeSteps; {
			select {
			case <-ctx.Done():
				emit(trace.Ended{Cancelled: true, MS: 40})
				return nil
			case <-time.After(pause):
			}
			if moves == r.Act.Moves && moves > 0 {
				emit(trace.Ended{MS: 40})
				return nil
			}
			if (f.at.step%fakeChunk == 0 || looks) && r.Model != trace.Expert {
				f.think(r, emit)
			}
			looks = false
			emit(f.moved(r))
			f.at.step++
			moves++
		}
		emit(trace.EpisodeDone{Episode: e, Seed: r.Act.Seed + uint64(e), Steps: fakeSteps, Success: true, Reward: 1})
		f.at = moment{e + 1, 0}
	}
	emit(trace.Acted{Episodes: r.Act.Episodes, Successes: r.Act.Episodes, Low: 0.5, High: 1})
	emit(trace.Ended{MS: 900, PeakMemory: 58 << 20})
	return nil
}

func (f *fakeRobot) acting(r trace.Request) trace.Acting {
	a := trace.Acting{Suite: r.Act.Suite, Task: r.Act.Task, Help: "put a cube in the bowl", Robot: "gantry", ControlHz: 20, MaxSteps: 200,
		Action: []string{"x", "y", "z", "gripper"}, ActionUnits: []string{"1", "1", "1", "1"},
		Proprio: []string{"hand x", "hand y", "hand z", "gripper"}, ProprioUnits: []string{"m", "m", "m", "1"}, Cameras: []string{"front", "wrist"}}
	if r.Model == trace.Expert {
		return a
	}
	player := func(side, model, method string) trace.Player {
		return trace.Player{Side: side, Model: model, Method: method, Layers: fakeRouted, Rows: fakePatches, Cols: fakePatches, Visual: fakeTokens, Aggregates: true, Chunk: fakeChunk}
	}
	method := ""
	if len(r.Methods) > 0 {
		method = r.Methods[0].Name
	}
	a.Sides = append(a.Sides, player(trace.Pruned, "CogVLA 4.8M", method))
	for i := range r.Act.Beside {
		p := player(trace.Dense, "Dense 4.8M", "")
		if i > 0 {
			p = player(trace.SideName(i), "Autoregressive", "")
			p.Chunk = 1
		}
		a.Sides = append(a.Sides, p)
	}
	return a
}

// action is a smooth way to the cube, to the bowl and back.
func fakeAction(step int) trace.Floats {
	t := float64(step)
	grip := -1.0
	if step >= fakeGrasp && step < fakeRelease {
		grip = 1
	}
	return trace.Floats{float32(0.7 * math.Sin(t/5)), float32(0.6 * math.Cos(t/7)), float32(0.5 * math.Sin(t/3+1)), float32(0.9 * grip)}
}

// think emits what the acting policy says and what those beside it say: the dense one says much the
// same, twice as slowly.
func (f *fakeRobot) think(r trace.Request, emit func(trace.Event)) {
	chunk := func(off float32) []trace.Floats {
		out := make([]trace.Floats, fakeChunk)
		for i := range out {
			out[i] = fakeAction(f.at.step + i)
			out[i][i%3] += off
		}
		return out
	}
	t := trace.Thought{Side: trace.Pruned, Episode: f.at.episode, Step: f.at.step, Instruction: f.told, Actions: chunk(0),
		Gate: trace.Floats{0.62, 0.38}, Text: 20, Slots: 33, MS: 12, FLOPs: 400_000_000, Cold: f.at == moment{}}
	if t.Cold {
		t.MS = 90
	}
	for camera := range 2 {
		for encoder := range 2 {
			t.Looks = append(t.Looks, fakeLook(camera, encoder, f.at.step))
		}
	}
	rows := 2 * fakeTokens
	for l := range fakeRouted {
		route := trace.Routed{Rule: fmt.Sprintf("layer %d keeps the best", l)}
		for i := range rows {
			p := float32((i*7+l*3+f.at.step)%rows) / float32(rows)
			route.Probability = append(route.Probability, p)
			if p < float32(l)/fakeRouted {
				route.Skipped = append(route.Skipped, i)
			}
		}
		t.Layers = append(t.Layers, route)
	}
	emit(t)
	for i := range r.Act.Beside {
		d := trace.Thought{Side: trace.Dense, Episode: t.Episode, Step: t.Step, Instruction: f.told, Actions: chunk(0.06), MS: 18, FLOPs: 1_000_000_000, Cold: t.Cold, Text: 20, Slots: 33}
		if i > 0 {
			d.Side, d.Actions, d.MS = trace.SideName(i), d.Actions[:1], 35
		}
		emit(d)
	}
}

// fakeLook has each token look at a place of its own.
func fakeLook(camera, encoder, step int) trace.Look {
	l := trace.Look{Camera: camera, Encoder: encoder, Vectors: fakeTokens, Peak: 0.2}
	for v := range fakeTokens {
		x, y := float64((v*5+camera+step/4)%fakePatches), float64((v*3+encoder+2)%fakePatches)
		for i := range fakePatches * fakePatches {
			d := math.Hypot(float64(i%fakePatches)-x, float64(i/fakePatches)-y)
			l.Share = append(l.Share, byte(255*math.Exp(-d*d/2)))
		}
	}
	return l
}

func (f *fakeRobot) moved(r trace.Request) trace.Moved {
	m := trace.Moved{Episode: f.at.episode, Step: f.at.step, Time: float64(f.at.step) / 20, Proprio: trace.Floats{0.1, 0.2, 0.3, 1},
		Action: fakeAction(f.at.step), Reward: 0.1, Success: f.at.step == fakeSteps-1, MS: 20}
	side := f.side
	if side == 0 {
		side = 48
	}
	if r.Act.View > 0 {
		m.Views = [][]byte{fakeView(side, f.at.step, 0), fakeView(side, f.at.step, 1)}
	}
	return m
}

// fakeView is a table with a red cube, a bowl and a hand on its way, from the front or from the hand.
func fakeView(side, step, camera int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	t := float64(step) / fakeSteps
	hand := [2]float64{0.3 + 0.4*t, 0.35 + 0.2*math.Sin(3*t)}
	if camera == 1 {
		hand = [2]float64{0.5, 0.1}
	}
	for i := range side * side {
		x, y := float64(i%side)/float64(side), float64(i/side)/float64(side)
		c := color.RGBA{52, 60, 72, 255}
		if camera == 1 || math.Abs(x-0.5) < 0.2+0.3*y && y > 0.4 {
			c = color.RGBA{150, 122, 92, 255}
		}
		cube := [2]float64{0.4 - 0.2*t*float64(camera), 0.6}
		switch r := math.Hypot((x-0.7)*1, (y-0.7)*1.8); {
		case math.Abs(x-cube[0]) < 0.05 && math.Abs(y-cube[1]) < 0.05:
			c = color.RGBA{214, 66, 58, 255}
		case math.Abs(x-0.55) < 0.04 && math.Abs(y-0.55) < 0.04:
			c = color.RGBA{66, 112, 204, 255}
		case r < 0.13 && r > 0.1:
			c = color.RGBA{230, 230, 226, 255}
		}
		if math.Abs(x-hand[0]) < 0.03 && y < hand[1] {
			c = color.RGBA{200, 204, 212, 255}
		}
		img.SetRGBA(i%side, i/side, c)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		panic(err)
	}
	return b.Bytes()
}
