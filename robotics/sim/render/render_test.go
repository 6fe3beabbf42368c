package render

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"winnow/internal/native"
	"winnow/robotics/sim/mujoco"
)

const scene = `<mujoco>
<asset><material name="wood" rgba=".6 .4 .2 1"/></asset>
<worldbody>
 <light pos="0 0 3" castshadow="true"/><light pos="1 1 2" dir="-.4 -.4 -1" castshadow="true"/>
 <camera name="front" pos="0 -2 1.2" xyaxes="1 0 0 0 .5 1"/>
 <camera name="above" pos="0 0 2.5"/>
 <geom name="floor" type="plane" size="2 2 .1" rgba=".2 .3 .9 1"/>
 <body name="ball" pos="0 0 .5"><freejoint/><geom size=".3" rgba="1 .1 .1 1"/></body>
 <site name="mark" pos=".8 .8 .3" size=".15" rgba="0 1 0 1"/>
</worldbody></mujoco>`

func simulation(t testing.TB) (*mujoco.Model, *mujoco.Data) {
	t.Helper()
	if _, err := native.FindMuJoCo(); err != nil {
		t.Skip(err)
	}
	l, err := mujoco.Load()
	if err != nil {
		t.Fatal(err)
	}
	m, err := l.ParseXML("scene.xml", scene, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.NewData()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Forward(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close(); m.Close() })
	return m, d
}

func renderer(t testing.TB, m *mujoco.Model, o Options) *Renderer {
	t.Helper()
	r, err := New(m, o)
	if err != nil {
		if strings.Contains(err.Error(), "cannot be painted here") {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func at(rgb []byte, width, x, y int) [3]byte { return [3]byte(rgb[3*(y*width+x):]) }

// The ball is where its camera sees it, top row first, and the picture is the same in a
// second renderer.
func TestPictureShowsTheSceneAndIsTheSameAgain(t *testing.T) {
	m, d := simulation(t)
	const w, h = 120, 80
	r := renderer(t, m, Options{Width: w, Height: h})
	front, err := r.RGB(d, "front", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c := at(front, w, w/2, h/2); c[0] < 40 || c[1] > c[0]/2 || c[2] > c[0]/2 {
		t.Errorf("the middle is %v, not red", c)
	}
	if c := at(front, w, 4, h-4); c[2] < 60 || c[0] > c[2]/2 {
		t.Errorf("the floor below is %v, not blue", c)
	}
	if c := at(front, w, 4, 2); c[0]|c[1]|c[2] != 0 {
		t.Errorf("the sky above is %v, not black", c)
	}
	above, err := r.RGB(d, "above", nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(front, above) {
		t.Error("two cameras see the same")
	}
	if free, err := r.RGB(d, "", nil); err != nil || bytes.Equal(free, front) {
		t.Errorf("the free camera: %v", err)
	}
	again := renderer(t, m, Options{Width: w, Height: h})
	buffer := make([]byte, 3*w*h+5)
	second, err := again.RGB(d, "front", buffer)
	if err != nil || &second[0] != &buffer[0] || !bytes.Equal(front, second) {
		t.Errorf("the second picture differs or is elsewhere: %v", err)
	}
	d.QPos[0] = .5
	if err := d.Forward(); err != nil {
		t.Fatal(err)
	}
	moved, err := r.RGB(d, "front", nil)
	if err != nil || bytes.Equal(moved, front) {
		t.Errorf("a moved ball leaves the picture as it was: %v", err)
	}
	t.Logf("%s: %s", r.Backend, r.GL)
}

func TestOptionsChangeThePicture(t *testing.T) {
	m, d := simulation(t)
	paint := func(o Options) []byte {
		r := renderer(t, m, o)
		rgb, err := r.RGB(d, "front", nil)
		if err != nil {
			t.Fatal(err)
		}
		return rgb
	}
	plain := paint(Options{})
	if len(plain) != 3*96*96 {
		t.Fatalf("%d bytes", len(plain))
	}
	for name, o := range map[string]Options{"shadows": {Shadows: true}, "samples": {Samples: 4}, "sites": {Sites: true}} {
		if bytes.Equal(plain, paint(o)) {
			t.Errorf("%s change nothing", name)
		}
	}
	odd := renderer(t, m, Options{Width: 33, Height: 7}) // rows that are no multiple of four bytes
	if _, err := odd.RGB(d, "front", nil); err != nil {
		t.Error(err)
	}
}

// go-gl and MuJoCo fetch the same bytes.
func TestReadersAgree(t *testing.T) {
	m, d := simulation(t)
	r := renderer(t, m, Options{Width: 33, Height: 21})
	if _, err := r.RGB(d, "above", nil); err != nil {
		t.Fatal(err)
	}
	one := bytes.Clone(r.pixels)
	clear(r.pixels)
	done := make(chan bool)
	r.work <- func() { r.readMuJoCo(rect{Width: 33, Height: 21}); close(done) }
	<-done
	if !bytes.Equal(one, r.pixels) {
		t.Error("they differ")
	}
}

func TestRefusalsAreSentences(t *testing.T) {
	m, d := simulation(t)
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Width: -1}, "choose 1 to 4096 pixels"}, {Options{Width: 5000}, "choose 1 to 4096 pixels"},
		{Options{Samples: 99}, "choose 0 to 16"}, {Options{Backend: "glx"}, "choose "},
	} {
		if _, err := New(m, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c.o, err)
		}
	}
	r := renderer(t, m, Options{})
	if _, err := r.RGB(d, "behind", nil); err == nil || !strings.Contains(err.Error(), `no camera named "behind": add it, or ask for one of front, above`) {
		t.Errorf("got %v", err)
	}
	m2, d2 := simulation(t)
	if _, err := r.RGB(d2, "front", nil); err == nil || !strings.Contains(err.Error(), "does not belong to the scene") {
		t.Errorf("got %v", err)
	}
	_ = m2
	r.Close()
	r.Close()
	if _, err := r.RGB(d, "front", nil); err == nil || !strings.Contains(err.Error(), "was closed") {
		t.Errorf("got %v", err)
	}
}

func TestRenderersComeAndGo(t *testing.T) {
	m, d := simulation(t)
	for i := range 20 {
		r := renderer(t, m, Options{Width: 16 + i, Height: 16})
		if _, err := r.RGB(d, "front", nil); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
}

// Renderers of several goroutines do not disturb each other.
func TestRenderersSideBySide(t *testing.T) {
	const many = 4
	pictures := make([][][]byte, many)
	errs := make(chan error, many)
	for i := range many {
		m, d := simulation(t)
		d.QPos[0] = .2 * float64(i)
		if err := d.Forward(); err != nil {
			t.Fatal(err)
		}
		go func() {
			errs <- func() error {
				r, err := New(m, Options{Width: 40, Height: 30})
				if err != nil {
					return err
				}
				defer r.Close()
				for range 10 {
					rgb, err := r.RGB(d, "front", nil)
					if err != nil {
						return err
					}
					pictures[i] = append(pictures[i], rgb)
				}
				return nil
			}()
		}()
	}
	for range many {
		if err := <-errs; err != nil {
			if strings.Contains(err.Error(), "cannot be painted here") {
				t.Skip(err)
			}
			t.Fatal(err)
		}
	}
	for i, p := range pictures {
		for _, again := range p[1:] {
			if !bytes.Equal(p[0], again) {
				t.Errorf("renderer %d paints one state in two ways", i)
			}
		}
		if i > 0 && bytes.Equal(p[0], pictures[i-1][0]) {
			t.Errorf("renderers %d and %d paint the same", i-1, i)
		}
	}
}

// OSMesa is tried only where it is; WINNOW_TEST_BACKEND=osmesa makes its absence a failure.
func TestOSMesaGivesAPicture(t *testing.T) {
	m, d := simulation(t)
	want := os.Getenv("WINNOW_TEST_BACKEND") == "osmesa"
	r, err := New(m, Options{Backend: "osmesa"})
	if err != nil {
		if strings.Contains(err.Error(), "painted with egl in this process already") {
			t.Skip(err)
		}
		if want || !strings.Contains(err.Error(), "there is no libOSMesa") || !strings.Contains(err.Error(), "apt-get install") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	defer r.Close()
	rgb, err := r.RGB(d, "front", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c := at(rgb, 96, 48, 48); c[0] < 40 || c[1] > c[0]/2 {
		t.Errorf("the middle is %v, not red", c)
	}
}

func BenchmarkPicture(b *testing.B) {
	for _, o := range []Options{{}, {Shadows: true}, {Width: 224, Height: 224}} {
		b.Run(fmt.Sprintf("%dx%d,shadows=%v", o.Width, o.Height, o.Shadows), func(b *testing.B) {
			m, d := simulation(b)
			r := renderer(b, m, o)
			for b.Loop() {
				if _, err := r.RGB(d, "front", nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
