//go:build !windows

package render

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Constants of OSMesa and of OpenGL.
const (
	osmesaRGBA   = 0x1908
	glUnsigned   = 0x1401
	osmesaBuffer = 64 // pixels a side of the buffer nobody looks at: MuJoCo paints into its own
)

func openOSMesa() (context, error) {
	var handle uintptr
	for _, name := range []string{"libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"} {
		if h, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL); err == nil {
			handle = h
			break
		}
	}
	if handle == 0 {
		return context{}, errors.New("there is no libOSMesa")
	}
	var (
		create  func(format uint32, depth, stencil, accum int32, share uintptr) uintptr
		current func(c uintptr, buffer unsafe.Pointer, kind uint32, width, height int32) uint8
		destroy func(c uintptr)
		proc    func(name string) uintptr
	)
	for name, fn := range map[string]any{"OSMesaCreateContextExt": &create, "OSMesaMakeCurrent": &current,
		"OSMesaDestroyContext": &destroy, "OSMesaGetProcAddress": &proc} {
		p, err := purego.Dlsym(handle, name)
		if err != nil {
			return context{}, fmt.Errorf("libOSMesa has no %s", name)
		}
		purego.RegisterFunc(fn, p)
	}
	c := create(osmesaRGBA, 24, 8, 0, 0)
	if c == 0 {
		return context{}, errors.New("OSMesa makes no context")
	}
	buffer := make([]byte, 4*osmesaBuffer*osmesaBuffer)
	if current(c, unsafe.Pointer(&buffer[0]), glUnsigned, osmesaBuffer, osmesaBuffer) == 0 {
		destroy(c)
		return context{}, errors.New("OSMesa makes no context current")
	}
	return context{
		backend: "osmesa",
		address: func(name string) unsafe.Pointer { return pointer(proc(name)) },
		close: func() {
			destroy(c)
			buffer[0] = 0 // the buffer lives as long as the context
		},
	}, nil
}
