package libllama

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"winnow/internal/native"
)

type ptr = uintptr

// Library is libllama, loaded; there is one a process.
type Library struct {
	// Version is llama.cpp's.
	Version string

	version          func() string
	backendInit      func()
	logSet           func(fn, data ptr)
	modelDefaults    func() modelParams
	contextDefaults  func() contextParams
	modelLoad        func(path string, p modelParams) ptr
	modelFree        func(m ptr)
	modelHidden      func(m ptr) int32
	modelVocabulary  func(m ptr) ptr
	vocabularyLength func(v ptr) int32
	vocabularyIsEnd  func(v ptr, id int32) bool
	tokenize         func(v, text ptr, length int32, ids ptr, room int32, special, parse bool) int32
	initContext      func(m ptr, p contextParams) ptr
	contextLength    func(c ptr) uint32
	freeContext      func(c ptr)
	attachPool       func(c, pool, poolBatch ptr)
	memory           func(c ptr) ptr
	memoryClear      func(mem ptr, data bool)
	decode           func(c ptr, b batch) int32
	logits           func(c ptr, i int32) ptr
	synchronize      func(c ptr)
	poolParams       func(p ptr, threads int32)
	newPool          func(p ptr) ptr
	freePool         func(p ptr)
}

var (
	once   sync.Mutex
	loaded *Library
)

// supported is the version of llama.cpp that params.go was written after.
const supported = "0.5."

// Load opens the libllama of a set of native libraries, and with it ggml and its backends where
// the engine has not done so. A second call returns the first one's library.
func Load(libs native.Libs) (lib *Library, err error) {
	once.Lock()
	defer once.Unlock()
	if loaded != nil {
		return loaded, nil
	}
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return nil, fmt.Errorf("libllama is called on amd64 and arm64 only, not on %s", runtime.GOARCH)
	}
	if libs.Llama == "" {
		return nil, fmt.Errorf("there is no libllama in %s; run `winnow native install cpu`", libs.Dir)
	}
	var handles [3]uintptr
	for i, path := range []string{libs.GGMLBase, libs.GGML, libs.Llama} {
		if handles[i], err = open(path); err != nil {
			return nil, fmt.Errorf("%s cannot be loaded (%w); run `winnow native install cpu`", path, err)
		}
	}
	defer func() { // purego panics on a missing symbol
		if r := recover(); r != nil {
			lib, err = nil, fmt.Errorf("%s lacks a function that winnow needs (%v); run `winnow native install cpu`", libs.Llama, r)
		}
	}()
	l := &Library{}
	base, ggml, llama := handles[0], handles[1], handles[2]
	purego.RegisterLibFunc(&l.version, llama, "llama_version")
	if l.Version = strings.TrimPrefix(l.version(), "v"); !strings.HasPrefix(l.Version, supported) {
		return nil, fmt.Errorf("%s is llama.cpp %s, winnow compares itself with %sx; run `winnow native install cpu`", libs.Llama, l.Version, supported)
	}
	l.register(base, llama)
	if err := l.quiet(base); err != nil {
		return nil, err
	}
	if err := checkDefaults(l.modelDefaults(), l.contextDefaults()); err != nil {
		return nil, fmt.Errorf("%s is llama.cpp %s, whose parameters lie differently (%w); run `winnow native install cpu`", libs.Llama, l.Version, err)
	}
	l.backendInit()
	if err := l.backends(ggml, base, libs.Dir); err != nil {
		return nil, err
	}
	loaded = l
	return l, nil
}

func (l *Library) register(base, llama uintptr) {
	f := func(fn any, name string) { purego.RegisterLibFunc(fn, llama, "llama_"+name) }
	f(&l.backendInit, "backend_init")
	f(&l.logSet, "log_set")
	f(&l.modelDefaults, "model_default_params")
	f(&l.contextDefaults, "context_default_params")
	f(&l.modelLoad, "model_load_from_file")
	f(&l.modelFree, "model_free")
	f(&l.modelHidden, "model_n_embd")
	f(&l.modelVocabulary, "model_get_vocab")
	f(&l.vocabularyLength, "vocab_n_tokens")
	f(&l.vocabularyIsEnd, "vocab_is_eog")
	f(&l.tokenize, "tokenize")
	f(&l.initContext, "init_from_model")
	f(&l.contextLength, "n_ctx")
	f(&l.freeContext, "free")
	f(&l.attachPool, "attach_threadpool")
	f(&l.memory, "get_memory")
	f(&l.memoryClear, "memory_clear")
	f(&l.decode, "decode")
	f(&l.logits, "get_logits_ith")
	f(&l.synchronize, "synchronize")
	purego.RegisterLibFunc(&l.poolParams, base, "ggml_threadpool_params_init")
}

// backends makes sure that ggml's devices are registered, once, and finds the thread pools of
// the processor's.
func (l *Library) backends(ggml, base uintptr, dir string) error {
	var (
		count   func() uintptr
		load    func(dir string)
		device  func(i uintptr) ptr
		kind    func(dev ptr) int32
		reg     func(dev ptr) ptr
		address func(reg ptr, name string) ptr
	)
	purego.RegisterLibFunc(&count, ggml, "ggml_backend_dev_count")
	purego.RegisterLibFunc(&load, ggml, "ggml_backend_load_all_from_path")
	purego.RegisterLibFunc(&device, ggml, "ggml_backend_dev_get")
	purego.RegisterLibFunc(&kind, base, "ggml_backend_dev_type")
	purego.RegisterLibFunc(&reg, base, "ggml_backend_dev_backend_reg")
	purego.RegisterLibFunc(&address, base, "ggml_backend_reg_get_proc_address")
	if count() == 0 {
		load(dir)
	}
	const cpu = 0
	for i := range count() {
		dev := device(i)
		if kind(dev) != cpu {
			continue
		}
		create, free := address(reg(dev), "ggml_threadpool_new"), address(reg(dev), "ggml_threadpool_free")
		if create == 0 || free == 0 {
			break
		}
		purego.RegisterFunc(&l.newPool, create)
		purego.RegisterFunc(&l.freePool, free)
		return nil
	}
	return fmt.Errorf("no ggml library for this processor lies in %s; run `winnow native install cpu`", dir)
}

var (
	saidMu sync.Mutex
	said   string // the last error that libllama wrote to its log
)

// quiet keeps libllama's log off the terminal. Setting it sets ggml's too, which is put back.
func (l *Library) quiet(base uintptr) error {
	var get func(fn, data ptr)
	var set func(fn, data ptr)
	purego.RegisterLibFunc(&get, base, "ggml_log_get")
	purego.RegisterLibFunc(&set, base, "ggml_log_set")
	var old [2]ptr
	get(ptr(unsafe.Pointer(&old[0])), ptr(unsafe.Pointer(&old[1])))
	l.logSet(purego.NewCallback(func(level int32, text ptr, _ ptr) uintptr {
		const isError = 4
		if level == isError && text != 0 {
			saidMu.Lock()
			said = strings.TrimSpace(cString(text))
			saidMu.Unlock()
		}
		return 0
	}), 0)
	set(old[0], old[1])
	return nil
}

// because gives the last error of the log, as the end of a sentence.
func because() string {
	saidMu.Lock()
	defer saidMu.Unlock()
	if said == "" {
		return ""
	}
	return " (" + said + ")"
}

func cString(p ptr) string {
	n := 0
	for n < 4096 && *at[byte](p + uintptr(n)) != 0 {
		n++
	}
	return string(unsafe.Slice(at[byte](p), n))
}

// at reads library memory, which Go's collector neither moves nor frees.
func at[T any](p ptr) *T { return *(**T)(unsafe.Pointer(&p)) }

func address[T any](s []T) ptr { return ptr(unsafe.Pointer(unsafe.SliceData(s))) }

var errClosed = errors.New("the libllama model was closed before this call")
