package render

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// context is an OpenGL context without a window, current on the thread it was made on.
type context struct {
	backend string
	address func(name string) unsafe.Pointer // of an OpenGL function
	close   func()
}

// used is the source of the process's first context. MuJoCo looks for OpenGL's functions
// once, so a second source would be called with the first one's functions.
var (
	usedMu sync.Mutex
	used   string
)

// open tries the sources of a context.
func open(backend string) (context, error) {
	usedMu.Lock()
	defer usedMu.Unlock()
	if backend != "" && used != "" && backend != used {
		return context{}, fmt.Errorf("pictures are painted with %s in this process already, so %s cannot be used in it: choose one of the two", used, backend)
	}
	if used != "" {
		backend = used
	}
	var why []string
	for _, try := range []struct {
		name string
		open func() (context, error)
	}{{"egl", openEGL}, {"osmesa", openOSMesa}} {
		if backend != "" && backend != try.name {
			continue
		}
		c, err := try.open()
		if err == nil {
			used = try.name
			return c, nil
		}
		why = append(why, err.Error())
	}
	if len(why) == 0 {
		return context{}, fmt.Errorf("no source of pictures is called %q: choose egl or osmesa", backend)
	}
	if runtime.GOOS != "linux" {
		return context{}, errors.New("pictures of the simulation cannot be painted here, on Linux only so far: recorded episodes play with the pictures that they hold")
	}
	return context{}, fmt.Errorf("pictures of the simulation cannot be painted here (%s): install EGL (on Debian and Ubuntu `apt-get install libegl1 libgl1 libegl-mesa0`) or OSMesa (`apt-get install libosmesa6`)", strings.Join(why, "; "))
}
