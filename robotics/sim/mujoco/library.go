package mujoco

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"winnow/internal/native"
)

type ptr = uintptr

// Version is the only version of MuJoCo that this package calls.
const Version = native.MuJoCoVersion

// Library is libmujoco, loaded; there is one a process.
type Library struct {
	// Path is the file, Assets the folder of Meta-World's scenes ("" where not installed).
	Path, Assets string

	handle ptr

	version      func() int32
	defaultVFS   func(vfs unsafe.Pointer)
	addBuffer    func(vfs unsafe.Pointer, name string, data unsafe.Pointer, n int32) int32
	deleteVFS    func(vfs unsafe.Pointer)
	loadXML      func(file string, vfs, text unsafe.Pointer, n int32) ptr
	deleteModel  func(m ptr)
	makeData     func(m ptr) ptr
	deleteData   func(d ptr)
	resetData    func(m, d ptr)
	step         func(m, d ptr)
	forward      func(m, d ptr)
	nameToID     func(m ptr, kind int32, name string) int32
	idToName     func(m ptr, kind, id int32) ptr
	contactForce func(m, d ptr, id int32, force unsafe.Pointer)
	raise        func(text string)
	warn         func(d ptr, warning, info int32)
	defaultOpt   func(opt unsafe.Pointer)
}

var (
	once   sync.Mutex
	loaded *Library
)

// Load opens the installed libmujoco and checks that it is the version, and lays out its
// structs in the way, that this package is written after. A second call returns the first
// one's library.
//
// The error is one sentence: not installed, of another version, not this platform's.
func Load() (*Library, error) {
	once.Lock()
	defer once.Unlock()
	if loaded != nil {
		return loaded, nil
	}
	found, err := native.FindMuJoCo()
	if err != nil {
		return nil, err
	}
	l, err := load(found)
	if err == nil {
		loaded = l
	}
	return l, err
}

func load(found native.MuJoCo) (lib *Library, err error) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return nil, fmt.Errorf("MuJoCo is called on amd64 and arm64 only, not on %s; recorded episodes play without it", runtime.GOARCH)
	}
	const mend = "run `winnow native install mujoco`"
	handle, err := open(found.Library)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be loaded (%w); %s", found.Library, err, mend)
	}
	defer func() { // purego panics on a missing symbol
		if r := recover(); r != nil {
			lib, err = nil, fmt.Errorf("%s lacks a function that winnow needs (%v); %s", found.Library, r, mend)
		}
	}()
	l := &Library{Path: found.Library, Assets: found.Assets, handle: handle}
	purego.RegisterLibFunc(&l.version, handle, "mj_version")
	if v := l.version(); v != headerVersion {
		return nil, fmt.Errorf("%s is MuJoCo %d.%d.%d, winnow calls %s only; %s", found.Library, v/1000000, v/1000%1000, v%1000, Version, mend)
	}
	l.register()
	if err := l.handlers(); err != nil {
		return nil, fmt.Errorf("%s: %w; %s", found.Library, err, mend)
	}
	if err := l.verify(); err != nil {
		return nil, fmt.Errorf("%s calls itself MuJoCo %s, but its structs lie differently (%w); %s", found.Library, Version, err, mend)
	}
	return l, nil
}

func (l *Library) register() {
	f := func(fn any, name string) { purego.RegisterLibFunc(fn, l.handle, name) }
	f(&l.defaultVFS, "mj_defaultVFS")
	f(&l.addBuffer, "mj_addBufferVFS")
	f(&l.deleteVFS, "mj_deleteVFS")
	f(&l.loadXML, "mj_loadXML")
	f(&l.deleteModel, "mj_deleteModel")
	f(&l.makeData, "mj_makeData")
	f(&l.deleteData, "mj_deleteData")
	f(&l.resetData, "mj_resetData")
	f(&l.step, "mj_step")
	f(&l.forward, "mj_forward")
	f(&l.nameToID, "mj_name2id")
	f(&l.idToName, "mj_id2name")
	f(&l.contactForce, "mj_contactForce")
	f(&l.raise, "mju_error")
	f(&l.warn, "mj_warning")
	f(&l.defaultOpt, "mj_defaultOption")
}

// Bind finds a function of the library by its C name and makes *fn call it; package render
// takes MuJoCo's renderer so. The error names the function that is missing.
func (l *Library) Bind(fn any, name string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s has no %s; run `winnow native install mujoco`", l.Path, name)
		}
	}()
	purego.RegisterLibFunc(fn, l.handle, name)
	return nil
}

// at reads library memory, which Go's collector neither moves nor frees.
func at[T any](p ptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// view is a slice over n values that the pointer stored at p points to.
func view[T any](p ptr, n int64) []T {
	data := *at[ptr](p)
	if data == 0 || n <= 0 {
		return nil
	}
	return unsafe.Slice(at[T](data), n)
}

// text copies a C string.
func text(p ptr) string {
	if p == 0 {
		return ""
	}
	n := 0
	for n < 4096 && *at[byte](p + ptr(n)) != 0 {
		n++
	}
	return string(unsafe.Slice(at[byte](p), n))
}

// start is where a slice of Go's begins. Go's memory goes to the library as this type only:
// a number would not keep it alive, nor off the stack, which moves.
func start[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }
