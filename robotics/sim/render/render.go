package render

import (
	"errors"
	"fmt"
	"image"
	"runtime"
	"sync"

	"winnow/robotics/sim/mujoco"
)

// Options are what a picture looks like.
type Options struct {
	// Width and Height are in pixels, 1 to 4096; 0 means 96.
	Width, Height int
	// Shadows are off by default: they cost most of the time, and policies are trained
	// without them.
	Shadows bool
	// Samples is how many samples a pixel has (multisampling); 0 and 1 mean one.
	Samples int
	// Sites shows the sites of groups 0 to 2 (goal markers), as MuJoCo does by default.
	Sites bool
	// Backend is "egl" or "osmesa"; "" tries both.
	Backend string
}

// driver is held by whoever calls OpenGL: MuJoCo keeps its functions in one place for all contexts, and Mesa
// crashed now and then where two contexts of one process painted at once.
var driver sync.Mutex

// Renderer paints one model.
type Renderer struct {
	// Options are those of New, with the defaults filled in.
	Options Options
	// Backend is egl or osmesa, GL what the driver calls itself.
	Backend, GL string

	mu      sync.Mutex // one call at a time
	work    chan func()
	model   *mujoco.Model
	calls   *calls
	context context
	scene   []byte // mjvScene
	con     []byte // mjrContext
	option  []byte // mjvOption
	pixels  []byte // bottom row first, as OpenGL has them
	broken  error
}

const (
	maxSide = 4096
	maxGeom = 2000 // objects in one scene; MuJoCo's tables have no more room for the rest

	framebufferOffscreen = 1
	cameraFree           = 0
	cameraFixed          = 2
	categoriesAll        = 7
	flagShadow           = 0
	flagReflection       = 2
	fontScale            = 100
)

// New makes a renderer of a model. Its textures and meshes are handed to the driver once.
//
// The error is one sentence: a size that cannot be, no OpenGL on this machine and what to
// install, a driver that refuses.
func New(m *mujoco.Model, o Options) (*Renderer, error) {
	if o.Width == 0 {
		o.Width = 96
	}
	if o.Height == 0 {
		o.Height = 96
	}
	switch {
	case o.Width < 1 || o.Height < 1 || o.Width > maxSide || o.Height > maxSide:
		return nil, fmt.Errorf("a picture of %d × %d cannot be painted: choose 1 to %d pixels a side", o.Width, o.Height, maxSide)
	case o.Samples < 0 || o.Samples > 16:
		return nil, fmt.Errorf("%d samples a pixel cannot be had: choose 0 to 16", o.Samples)
	case m.Pointer() == 0:
		return nil, errors.New("the model was closed before its renderer was made")
	}
	c, err := bind(m.Library())
	if err != nil {
		return nil, err
	}
	r := &Renderer{Options: o, model: m, calls: c, work: make(chan func())}
	started := make(chan error)
	go r.thread(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return r, nil
}

// thread owns the context from beginning to end.
func (r *Renderer) thread(started chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	context, err := open(r.Options.Backend)
	if err != nil {
		started <- err
		return
	}
	r.context, r.Backend = context, context.backend
	if err := r.setUp(); err != nil {
		context.close()
		started <- err
		return
	}
	started <- nil
	for f := range r.work {
		f()
	}
}

func (r *Renderer) setUp() error {
	shadow, samples := 0, 0
	if r.Options.Shadows {
		shadow = 2048
	}
	if r.Options.Samples > 1 {
		samples = r.Options.Samples
	}
	if err := r.model.SetOffscreen(r.Options.Width, r.Options.Height, samples, shadow); err != nil {
		return err
	}
	r.scene, r.con, r.option = make([]byte, sizevScene), make([]byte, sizerContext), make([]byte, sizevOption)
	r.pixels = make([]byte, 3*r.Options.Width*r.Options.Height)
	driver.Lock()
	defer driver.Unlock()
	err := mujoco.Guard("preparing pictures of "+r.model.Source, func() {
		r.calls.defaultScene(first(r.scene))
		r.calls.defaultContext(first(r.con))
		r.calls.defaultOption(first(r.option))
		r.calls.makeScene(r.model.Pointer(), first(r.scene), maxGeom)
		r.calls.makeContext(r.model.Pointer(), first(r.con), fontScale)
		r.calls.setBuffer(framebufferOffscreen, first(r.con))
	})
	if err != nil {
		return err
	}
	if err := r.verify(); err != nil {
		return err
	}
	flags := r.scene[ovScene_flags:]
	flags[flagShadow], flags[flagReflection] = 0, 0
	if r.Options.Shadows {
		flags[flagShadow], flags[flagReflection] = 1, 1
	}
	if !r.Options.Sites {
		clear(r.option[ovOption_sitegroup : ovOption_sitegroup+6])
	}
	r.GL = version(r.context)
	return nil
}

// verify compares what MuJoCo has put into its structs with where we read it.
func (r *Renderer) verify() error {
	for _, c := range []struct {
		what      string
		got, want int32
	}{
		{"mjvScene.maxgeom", integer(r.scene, ovScene_maxgeom), maxGeom},
		{"mjvScene.flags", int32(r.scene[ovScene_flags+flagShadow]), 1},
		{"mjvOption.sitegroup", int32(r.option[ovOption_sitegroup]), 1},
		{"mjrContext.glInitialized", integer(r.con, orContext_glInitialized), 1},
		{"mjrContext.offWidth", integer(r.con, orContext_offWidth), int32(r.Options.Width)},
		{"mjrContext.offHeight", integer(r.con, orContext_offHeight), int32(r.Options.Height)},
		{"mjrContext.fontScale", integer(r.con, orContext_fontScale), fontScale},
		{"mjrContext.currentBuffer", integer(r.con, orContext_currentBuffer), framebufferOffscreen},
	} {
		if c.got != c.want {
			return fmt.Errorf("MuJoCo's renderer has %d in %s where %d belongs: the driver refuses the picture, or the library is not the one that winnow is written after; run `winnow native install mujoco`, or try a smaller picture", c.got, c.what, c.want)
		}
	}
	return nil
}

// RGB paints the state of d through a named camera, or through MuJoCo's free camera where the
// name is "". It returns Width × Height × 3 bytes, top row first, in buffer where that is
// long enough.
//
// The error names the camera that is not there, or says why MuJoCo gave up.
func (r *Renderer) RGB(d *mujoco.Data, camera string, buffer []byte) ([]byte, error) {
	if len(buffer) < len(r.pixels) || buffer == nil {
		buffer = make([]byte, len(r.pixels))
	}
	buffer = buffer[:len(r.pixels)]
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.work == nil:
		return nil, errors.New("the renderer was closed before this call")
	case r.broken != nil:
		return nil, r.broken
	case d.Pointer() == 0 || d.Model != r.model:
		return nil, fmt.Errorf("the simulation does not belong to the scene %s that this renderer paints, or was closed", r.model.Source)
	}
	id := -1
	if camera != "" {
		var err error
		if id, err = r.model.ID(mujoco.Camera, camera); err != nil {
			return nil, err
		}
	}
	done := make(chan error)
	r.work <- func() { done <- r.paint(d, id) }
	if err := <-done; err != nil {
		r.broken = err
		return nil, err
	}
	row := 3 * r.Options.Width
	for y := range r.Options.Height {
		copy(buffer[y*row:(y+1)*row], r.pixels[(r.Options.Height-1-y)*row:])
	}
	return buffer, nil
}

func (r *Renderer) paint(d *mujoco.Data, camera int) error {
	view := make([]byte, sizevCamera)
	driver.Lock()
	defer driver.Unlock()
	return mujoco.Guard("painting "+r.model.Source, func() {
		if camera < 0 {
			r.calls.freeCamera(r.model.Pointer(), first(view))
		} else {
			r.calls.defaultCamera(first(view))
			setInteger(view, ovCamera_type, cameraFixed)
			setInteger(view, ovCamera_fixedcamid, int32(camera))
		}
		all := rect{Width: int32(r.Options.Width), Height: int32(r.Options.Height)}
		r.calls.updateScene(r.model.Pointer(), d.Pointer(), first(r.option), nil, first(view), categoriesAll, first(r.scene))
		r.calls.render(all, first(r.scene), first(r.con))
		r.read(all)
	})
}

// Image is RGB as an image.
func (r *Renderer) Image(d *mujoco.Data, camera string) (*image.RGBA, error) {
	rgb, err := r.RGB(d, camera, nil)
	if err != nil {
		return nil, err
	}
	img := image.NewRGBA(image.Rect(0, 0, r.Options.Width, r.Options.Height))
	for i := range len(rgb) / 3 {
		copy(img.Pix[4*i:], rgb[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img, nil
}

// Close gives the context back. The model may be closed afterwards.
func (r *Renderer) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.work == nil {
		return
	}
	done := make(chan bool)
	r.work <- func() {
		driver.Lock()
		_ = mujoco.Guard("closing a renderer", func() {
			r.calls.freeContext(first(r.con))
			r.calls.freeScene(first(r.scene))
		})
		r.context.close()
		driver.Unlock()
		close(done)
	}
	<-done
	close(r.work)
	r.work = nil
}
