//go:build !windows

package render

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// egl is libEGL, loaded, with a display that works.
type egl struct {
	getError       func() int32
	getProcAddress func(name string) uintptr
	getDisplay     func(platform uint32, native uintptr, attributes unsafe.Pointer) uintptr
	queryDevices   func(max int32, devices, n unsafe.Pointer) uint32
	initialize     func(display uintptr, major, minor unsafe.Pointer) uint32
	bindAPI        func(api uint32) uint32
	chooseConfig   func(display uintptr, attributes, configs unsafe.Pointer, size int32, n unsafe.Pointer) uint32
	createContext  func(display, config, share uintptr, attributes unsafe.Pointer) uintptr
	makeCurrent    func(display, draw, read, context uintptr) uint32
	destroyContext func(display, context uintptr) uint32
	releaseThread  func() uint32

	display, config uintptr
}

// Constants of EGL and of its extensions EXT_platform_device and MESA_platform_surfaceless.
const (
	eglPlatformDevice      = 0x313F
	eglPlatformSurfaceless = 0x31DD
	eglOpenGLAPI           = 0x30A2
)

var eglConfig = []int32{0x3024, 8, 0x3023, 8, 0x3022, 8, 0x3021, 8, // red, green, blue, alpha bits
	0x3025, 24, 0x3026, 8, // depth, stencil bits
	0x3033, 0x0001, // a surface of the pbuffer kind, though none is made
	0x3040, 0x0008, // renders OpenGL
	0x3038} // end

var (
	eglMu     sync.Mutex
	eglLoaded *egl
)

func openEGL() (context, error) {
	e, err := loadEGL()
	if err != nil {
		return context{}, err
	}
	if e.bindAPI(eglOpenGLAPI) == 0 {
		return context{}, errors.New("EGL has no OpenGL")
	}
	c := e.createContext(e.display, e.config, 0, nil)
	if c == 0 {
		return context{}, fmt.Errorf("EGL makes no context (error %#x)", e.getError())
	}
	if e.makeCurrent(e.display, 0, 0, c) == 0 {
		code := e.getError()
		e.destroyContext(e.display, c)
		return context{}, fmt.Errorf("EGL makes no context current without a surface (error %#x)", code)
	}
	return context{
		backend: "egl",
		address: func(name string) unsafe.Pointer { return pointer(e.getProcAddress(name)) },
		close: func() {
			e.makeCurrent(e.display, 0, 0, 0)
			e.destroyContext(e.display, c)
			e.releaseThread()
		},
	}, nil
}

// loadEGL finds a display once; it serves all contexts of the process.
func loadEGL() (*egl, error) {
	eglMu.Lock()
	defer eglMu.Unlock()
	if eglLoaded != nil {
		return eglLoaded, nil
	}
	name := "libEGL.so.1"
	if runtime.GOOS == "darwin" {
		return nil, errors.New("macOS has no EGL")
	}
	handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, errors.New("there is no libEGL")
	}
	e := &egl{}
	if err := e.register(handle); err != nil {
		return nil, err
	}
	if err := e.findDisplay(); err != nil {
		return nil, err
	}
	// MuJoCo looks for OpenGL's functions through the eglGetProcAddress that it finds among
	// the global symbols, so the library becomes global once it is known to work.
	if _, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL); err != nil {
		return nil, errors.New("libEGL cannot be shared with MuJoCo")
	}
	eglLoaded = e
	return e, nil
}

func (e *egl) register(handle uintptr) (err error) {
	defer func() { // purego panics on a missing symbol
		if r := recover(); r != nil {
			err = fmt.Errorf("libEGL is too old (%v)", r)
		}
	}()
	f := func(fn any, name string) { purego.RegisterLibFunc(fn, handle, name) }
	f(&e.getError, "eglGetError")
	f(&e.getProcAddress, "eglGetProcAddress")
	f(&e.initialize, "eglInitialize")
	f(&e.bindAPI, "eglBindAPI")
	f(&e.chooseConfig, "eglChooseConfig")
	f(&e.createContext, "eglCreateContext")
	f(&e.makeCurrent, "eglMakeCurrent")
	f(&e.destroyContext, "eglDestroyContext")
	f(&e.releaseThread, "eglReleaseThread")
	for name, fn := range map[string]any{"eglGetPlatformDisplayEXT": &e.getDisplay, "eglQueryDevicesEXT": &e.queryDevices} {
		p := e.getProcAddress(name)
		if p == 0 {
			return fmt.Errorf("libEGL has no %s", name)
		}
		purego.RegisterFunc(fn, p)
	}
	return nil
}

// findDisplay takes the first device whose driver works (GPUs come first), then Mesa's
// surfaceless platform.
func (e *egl) findDisplay() error {
	devices := make([]uintptr, 32)
	n := make([]int32, 1)
	if e.queryDevices(int32(len(devices)), unsafe.Pointer(&devices[0]), unsafe.Pointer(&n[0])) == 0 {
		n[0] = 0
	}
	for _, device := range devices[:n[0]] {
		if e.try(e.getDisplay(eglPlatformDevice, device, nil)) {
			return nil
		}
	}
	if e.try(e.getDisplay(eglPlatformSurfaceless, 0, nil)) {
		return nil
	}
	return errors.New("EGL finds no device that paints without a window")
}

func (e *egl) try(display uintptr) bool {
	if display == 0 || e.initialize(display, nil, nil) == 0 {
		return false
	}
	configs, n := make([]uintptr, 1), make([]int32, 1)
	if e.chooseConfig(display, unsafe.Pointer(&eglConfig[0]), unsafe.Pointer(&configs[0]), 1, unsafe.Pointer(&n[0])) == 0 || n[0] == 0 {
		return false
	}
	e.display, e.config = display, configs[0]
	return true
}

// pointer turns an address of C's into a pointer; Go's collector never sees what it points to.
func pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
