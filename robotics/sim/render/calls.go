package render

import (
	"encoding/binary"
	"unsafe"

	"winnow/robotics/sim/mujoco"
)

// rect is struct mjrRect: pixels, from the bottom left.
type rect struct{ Left, Bottom, Width, Height int32 }

// calls are MuJoCo's functions for pictures. Memory of Go's goes there as unsafe.Pointer.
type calls struct {
	defaultScene, defaultContext, defaultOption, defaultCamera func(p unsafe.Pointer)
	freeCamera                                                 func(m uintptr, camera unsafe.Pointer)
	makeScene                                                  func(m uintptr, scene unsafe.Pointer, geoms int32)
	makeContext                                                func(m uintptr, con unsafe.Pointer, font int32)
	setBuffer                                                  func(buffer int32, con unsafe.Pointer)
	updateScene                                                func(m, d uintptr, option, perturb, camera unsafe.Pointer, categories int32, scene unsafe.Pointer)
	render                                                     func(r rect, scene, con unsafe.Pointer)
	readPixels                                                 func(rgb, depth unsafe.Pointer, r rect, con unsafe.Pointer)
	freeContext, freeScene                                     func(p unsafe.Pointer)
}

func bind(l *mujoco.Library) (*calls, error) {
	c := &calls{}
	for _, f := range []struct {
		name string
		fn   any
	}{
		{"mjv_defaultScene", &c.defaultScene}, {"mjr_defaultContext", &c.defaultContext},
		{"mjv_defaultOption", &c.defaultOption}, {"mjv_defaultCamera", &c.defaultCamera},
		{"mjv_defaultFreeCamera", &c.freeCamera}, {"mjv_makeScene", &c.makeScene},
		{"mjr_makeContext", &c.makeContext}, {"mjr_setBuffer", &c.setBuffer},
		{"mjv_updateScene", &c.updateScene}, {"mjr_render", &c.render}, {"mjr_readPixels", &c.readPixels},
		{"mjr_freeContext", &c.freeContext}, {"mjv_freeScene", &c.freeScene},
	} {
		if err := l.Bind(f.fn, f.name); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func first(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func integer(b []byte, at int) int32 { return int32(binary.NativeEndian.Uint32(b[at:])) }

func setInteger(b []byte, at int, v int32) { binary.NativeEndian.PutUint32(b[at:], uint32(v)) }

// readMuJoCo fetches the picture with MuJoCo's own function.
func (r *Renderer) readMuJoCo(all rect) {
	r.calls.readPixels(first(r.pixels), nil, all, first(r.con))
}
