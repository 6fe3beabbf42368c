package robotics

import (
	"context"
	"fmt"
	"image"

	"winnow/robotics/episode"
	"winnow/robotics/sim"
)

// Options of Run.
type Options struct {
	// Episodes is their number, at least 1; episode i has the seed Seed+i.
	Episodes int
	Seed     uint64
	// Instruction takes the place of the environment's; whether the task is fulfilled is still
	// told by the environment.
	Instruction string
	// Record is given each finished episode; nil records none, and then pictures are painted only
	// for an actor that looks at them. Cameras are recorded, beside the actor's own. Model and
	// Method stand in the recording.
	Record        func(*episode.Episode) error
	Cameras       []string
	Model, Method string
	// Progress is told how many episodes are done, and the steps of the one that runs.
	Progress func(episodes, steps int)
	// Watch sees each step after it was carried out; nil: nobody does. What it is given may be kept.
	Watch func(Moment)
}

// Moment is a step as somebody who watches sees it.
type Moment struct {
	Episode, Step int // from 0
	// Seen is what was there before the action: Pictures by camera, empty where nobody looked.
	Seen     sim.Observation
	Pictures map[string]*image.RGBA
	Action   []float32
	// Result is what the action led to.
	Result sim.Result
	// Asked is the actor's answer where it was asked at this step, with the network's result; nil
	// where a chunk goes on.
	Asked *Chunk
}

// Run lets an actor try a task for a number of episodes. It ends between two steps when ctx does,
// with ctx's error. On an error the report has the episodes that were finished.
func Run(ctx context.Context, env sim.Env, a Actor, o Options) (*Report, error) {
	task := env.Task()
	r := &Report{Suite: task.Suite, Task: task.Name}
	if o.Episodes < 1 {
		return r, fmt.Errorf("%d episodes cannot be run; give at least 1", o.Episodes)
	}
	for i := range o.Episodes {
		t, err := Begin(env, a, o, i)
		if err == nil {
			err = t.finish(ctx)
		}
		if err != nil {
			return r, err
		}
		r.Episodes = append(r.Episodes, t.out)
		if t.rec != nil {
			if err := o.Record(t.rec.Episode()); err != nil {
				return r, t.named(err)
			}
		}
	}
	return r, nil
}

// finish takes all steps that are left.
func (t *Trial) finish(ctx context.Context) error {
	for !t.over {
		if t.o.Progress != nil && ctx.Err() == nil {
			t.o.Progress(t.number, t.step)
		}
		m, err := t.Step(ctx)
		if err != nil {
			return err
		}
		if t.o.Watch != nil {
			t.o.Watch(m)
		}
	}
	return nil
}

// Picture paints what a camera sees now.
func Picture(env sim.Env, camera string) (*image.RGBA, error) {
	rgb, err := env.Picture(camera, nil)
	if err != nil {
		return nil, err
	}
	w, h := env.Size()
	if len(rgb) != 3*w*h {
		return nil, fmt.Errorf("the camera %s gave %d bytes for a picture of %d × %d pixels", camera, len(rgb), w, h)
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(img.Pix[4*i:], rgb[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img, nil
}
