package ggml

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// ptr is an address in the library's memory.
type ptr = uintptr

// initParams is struct ggml_init_params.
type initParams struct {
	memSize   uintptr
	memBuffer ptr //lint:ignore U1000 ggml's: never set, but in its place
	noAlloc   bool
}

// api holds the functions of libggml-base and libggml that this package calls. The name of a
// field with ggml_ in front is the C name, see register.
type api struct {
	version            func() string
	init               func(initParams) ptr
	free               func(ctx ptr)
	tensor_overhead    func() uintptr
	graph_overhead     func(size uintptr, grads bool) uintptr
	new_tensor_4d      func(ctx ptr, typ int32, a, b, c, d int64) ptr
	new_graph_custom   func(ctx ptr, size uintptr, grads bool) ptr
	build_forward      func(graph, t ptr)
	graph_n_nodes      func(graph ptr) int32
	graph_node         func(graph ptr, i int32) ptr
	nbytes             func(t ptr) uintptr
	get_data           func(t ptr) ptr
	set_input          func(t ptr)
	set_output         func(t ptr)
	set_name           func(t ptr, name string) ptr
	log_set            func(fn, data ptr)
	op_desc            func(t ptr) string
	quantize_chunk     func(typ int32, src, dst ptr, start, rows, perRow int64, imatrix ptr) uintptr
	threadpool_params  func(p ptr, n int32)
	reshape_4d         func(ctx, a ptr, n0, n1, n2, n3 int64) ptr
	permute            func(ctx, a ptr, i0, i1, i2, i3 int32) ptr
	view_4d            func(ctx, a ptr, n0, n1, n2, n3 int64, nb1, nb2, nb3, offset uintptr) ptr
	cont               func(ctx, a ptr) ptr
	cast               func(ctx, a ptr, typ int32) ptr
	concat             func(ctx, a, b ptr, dim int32) ptr
	get_rows           func(ctx, a, b ptr) ptr
	set_rows           func(ctx, a, b, c ptr) ptr
	add, sub, mul, div func(ctx, a, b ptr) ptr
	scale_bias         func(ctx, a ptr, s, b float32) ptr
	swiglu_split       func(ctx, a, b ptr) ptr
	rms_norm, norm     func(ctx, a ptr, eps float32) ptr
	sum_rows, argmax   func(ctx, a ptr) ptr
	arange             func(ctx ptr, start, stop, step float32) ptr
	mul_mat            func(ctx, a, b ptr) ptr
	soft_max_ext       func(ctx, a, mask ptr, scale, maxBias float32) ptr
	flash_attn_ext     func(ctx, q, k, v, mask ptr, scale, maxBias, softcap float32) ptr
	flash_attn_prec    func(t ptr, prec int32)
	rope_ext           func(ctx, a, pos, factors ptr, dims, mode, ctxOrig int32, base, scale, ext, attn, fast, slow float32) ptr
	custom_4d          func(ctx ptr, typ int32, n0, n1, n2, n3 int64, args ptr, n int32, fun ptr, tasks int32, userdata ptr) ptr
	unary              map[int]func(ctx, a ptr) ptr

	load_all_from_path     func(dir string)
	load_backend           func(path string) ptr
	dev_count              func() uintptr
	dev_get                func(i uintptr) ptr
	dev_name               func(dev ptr) string
	dev_description        func(dev ptr) string
	dev_memory             func(dev, free, total ptr)
	dev_type               func(dev ptr) int32
	dev_init               func(dev ptr, params ptr) ptr
	dev_reg                func(dev ptr) ptr
	dev_supports_op        func(dev, op ptr) bool
	dev_buffer_type        func(dev ptr) ptr
	reg_name               func(reg ptr) string
	reg_proc               func(reg ptr, name string) ptr
	backend_free           func(b ptr)
	backend_compute        func(b, graph ptr) int32
	backend_sync           func(b ptr)
	buft_alloc             func(buft ptr, size uintptr) ptr
	buft_alignment         func(buft ptr) uintptr
	buft_alloc_size        func(buft, t ptr) uintptr
	buffer_free            func(buf ptr)
	buffer_base            func(buf ptr) ptr
	buffer_size            func(buf ptr) uintptr
	buffer_clear           func(buf ptr, v uint8)
	buffer_usage           func(buf ptr, usage int32)
	cpu_buffer_from_ptr    func(p ptr, size uintptr) ptr
	tensor_alloc           func(buf, t, addr ptr) int32
	tensor_set, tensor_get func(t, data ptr, offset, size uintptr)
	gallocr_new            func(buft ptr) ptr
	gallocr_free           func(a ptr)
	gallocr_reserve        func(a, graph ptr) bool
	gallocr_alloc          func(a, graph ptr) bool
	gallocr_size           func(a ptr, i int32) uintptr
	sched_new              func(backends, bufts ptr, n int32, size uintptr, parallel, offload bool) ptr
	sched_free             func(s ptr)
	sched_alloc            func(s, graph ptr) bool
	sched_compute          func(s, graph ptr) int32
	sched_size             func(s, backend ptr) uintptr
}

// Library is a loaded ggml, one a process.
type Library struct {
	api
	Version string
	dir     string
	added   map[string]bool // kinds that AddBackend loaded
}

var (
	loadOnce sync.Mutex
	loaded   *Library
)

// supported is the ABI that bind.go was written against.
const supported = "0.25."

// Load opens the two libraries and registers the devices that ggml finds beside them. A second
// call returns the first one's library: ggml keeps global state.
func Load(base, ggml string) (lib *Library, err error) {
	loadOnce.Lock()
	defer loadOnce.Unlock()
	if loaded != nil {
		return loaded, nil
	}
	hBase, err := open(base)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be loaded (%w); run `winnow native install cpu`", base, err)
	}
	hGGML, err := open(ggml)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be loaded (%w); run `winnow native install cpu`", ggml, err)
	}
	l := &Library{dir: filepath.Dir(ggml), added: map[string]bool{}}
	defer func() { // purego panics on a missing symbol
		if r := recover(); r != nil {
			lib, err = nil, fmt.Errorf("%s lacks a function that winnow needs (%v); run `winnow native install cpu`", ggml, r)
		}
	}()
	purego.RegisterLibFunc(&l.version, hBase, "ggml_version")
	if l.Version = l.version(); !strings.HasPrefix(l.Version, supported) {
		return nil, fmt.Errorf("%s is ggml %s, winnow needs %sx; run `winnow native install cpu`", base, l.Version, supported)
	}
	l.register(hBase, hGGML)
	l.log_set(logCallback(), 0)
	if err := l.checkLayout(); err != nil {
		return nil, err
	}
	l.load_all_from_path(l.dir)
	if l.dev_count() == 0 {
		return nil, fmt.Errorf("ggml found no device in %s: no library for this processor lies there; run `winnow native install cpu`", l.dir)
	}
	loaded = l
	return l, nil
}

// AddBackend loads the library of one more kind of device (vulkan, cuda, metal) from a folder
// of the same version. Loading it twice does nothing.
func (l *Library) AddBackend(kind, dir string) error {
	loadOnce.Lock()
	defer loadOnce.Unlock()
	if l.added[kind] || dir == l.dir {
		return nil
	}
	found, _ := filepath.Glob(filepath.Join(dir, "*ggml-"+kind+"*"))
	for _, path := range found {
		if l.load_backend(path) != 0 {
			l.added[kind] = true
			return nil
		}
	}
	return fmt.Errorf("the %s library in %s cannot be loaded%s; its driver may be missing", kind, dir, lastLog())
}

func (l *Library) register(base, ggml uintptr) {
	b := func(fn any, name string) { purego.RegisterLibFunc(fn, base, "ggml_"+name) }
	b(&l.init, "init")
	b(&l.free, "free")
	b(&l.tensor_overhead, "tensor_overhead")
	b(&l.graph_overhead, "graph_overhead_custom")
	b(&l.new_tensor_4d, "new_tensor_4d")
	b(&l.new_graph_custom, "new_graph_custom")
	b(&l.build_forward, "build_forward_expand")
	b(&l.graph_n_nodes, "graph_n_nodes")
	b(&l.graph_node, "graph_node")
	b(&l.nbytes, "nbytes")
	b(&l.get_data, "get_data")
	b(&l.set_input, "set_input")
	b(&l.set_output, "set_output")
	b(&l.set_name, "set_name")
	b(&l.log_set, "log_set")
	b(&l.op_desc, "op_desc")
	b(&l.quantize_chunk, "quantize_chunk")
	b(&l.threadpool_params, "threadpool_params_init")
	b(&l.reshape_4d, "reshape_4d")
	b(&l.permute, "permute")
	b(&l.view_4d, "view_4d")
	b(&l.cont, "cont")
	b(&l.cast, "cast")
	b(&l.concat, "concat")
	b(&l.get_rows, "get_rows")
	b(&l.set_rows, "set_rows")
	b(&l.add, "add")
	b(&l.sub, "sub")
	b(&l.mul, "mul")
	b(&l.div, "div")
	b(&l.scale_bias, "scale_bias")
	b(&l.swiglu_split, "swiglu_split")
	b(&l.rms_norm, "rms_norm")
	b(&l.norm, "norm")
	b(&l.sum_rows, "sum_rows")
	b(&l.argmax, "argmax")
	b(&l.custom_4d, "custom_4d")
	b(&l.arange, "arange")
	b(&l.mul_mat, "mul_mat")
	b(&l.soft_max_ext, "soft_max_ext")
	b(&l.flash_attn_ext, "flash_attn_ext")
	b(&l.flash_attn_prec, "flash_attn_ext_set_prec")
	b(&l.rope_ext, "rope_ext")
	l.unary = map[int]func(ctx, a ptr) ptr{}
	for f, name := range unaryNames {
		var fn func(ctx, a ptr) ptr
		b(&fn, name)
		l.unary[int(f)] = fn
	}
	b(&l.dev_name, "backend_dev_name")
	b(&l.dev_description, "backend_dev_description")
	b(&l.dev_memory, "backend_dev_memory")
	b(&l.dev_type, "backend_dev_type")
	b(&l.dev_init, "backend_dev_init")
	b(&l.dev_reg, "backend_dev_backend_reg")
	b(&l.dev_supports_op, "backend_dev_supports_op")
	b(&l.dev_buffer_type, "backend_dev_buffer_type")
	b(&l.reg_name, "backend_reg_name")
	b(&l.reg_proc, "backend_reg_get_proc_address")
	b(&l.backend_free, "backend_free")
	b(&l.backend_compute, "backend_graph_compute")
	b(&l.backend_sync, "backend_synchronize")
	b(&l.buft_alloc, "backend_buft_alloc_buffer")
	b(&l.buft_alignment, "backend_buft_get_alignment")
	b(&l.buft_alloc_size, "backend_buft_get_alloc_size")
	b(&l.buffer_free, "backend_buffer_free")
	b(&l.buffer_base, "backend_buffer_get_base")
	b(&l.buffer_size, "backend_buffer_get_size")
	b(&l.buffer_clear, "backend_buffer_clear")
	b(&l.buffer_usage, "backend_buffer_set_usage")
	b(&l.cpu_buffer_from_ptr, "backend_cpu_buffer_from_ptr")
	b(&l.tensor_alloc, "backend_tensor_alloc")
	b(&l.tensor_set, "backend_tensor_set")
	b(&l.tensor_get, "backend_tensor_get")
	b(&l.gallocr_new, "gallocr_new")
	b(&l.gallocr_free, "gallocr_free")
	b(&l.gallocr_reserve, "gallocr_reserve")
	b(&l.gallocr_alloc, "gallocr_alloc_graph")
	b(&l.gallocr_size, "gallocr_get_buffer_size")
	b(&l.sched_new, "backend_sched_new")
	b(&l.sched_free, "backend_sched_free")
	b(&l.sched_alloc, "backend_sched_alloc_graph")
	b(&l.sched_compute, "backend_sched_graph_compute")
	b(&l.sched_size, "backend_sched_get_buffer_size")

	g := func(fn any, name string) { purego.RegisterLibFunc(fn, ggml, "ggml_"+name) }
	g(&l.load_all_from_path, "backend_load_all_from_path")
	g(&l.load_backend, "backend_load")
	g(&l.dev_count, "backend_dev_count")
	g(&l.dev_get, "backend_dev_get")
}

// bufferField is the offset of ggml_tensor.buffer, the one field written from here
// (weights.go); the sizes that follow it are what checkLayout looks at.
const (
	bufferField = 8
	sizesField  = 16
)

// checkLayout makes a tensor of telling sizes and finds them where this package thinks they are.
func (l *Library) checkLayout() error {
	ctx := l.init(initParams{memSize: 4 * l.tensor_overhead(), noAlloc: true})
	defer l.free(ctx)
	t := l.new_tensor_4d(ctx, 0, 3, 5, 7, 11)
	if got := *at[[4]int64](t + sizesField); got != [4]int64{3, 5, 7, 11} || *at[int32](t) != 0 || *at[ptr](t + bufferField) != 0 {
		return fmt.Errorf("ggml %s lays out its tensors differently from what winnow knows; run `winnow native install cpu`", l.Version)
	}
	return nil
}

// at reads library memory, which Go's collector neither moves nor frees.
func at[T any](p ptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// address of the first element, kept alive by the caller (runtime.KeepAlive after the call).
func address[T any](s []T) ptr {
	if len(s) == 0 {
		return 0
	}
	return ptr(unsafe.Pointer(unsafe.SliceData(s)))
}

var (
	logMu   sync.Mutex
	logLast []string // the latest warnings and errors of ggml, oldest first, at most 8
)

func logCallback() ptr {
	return purego.NewCallback(func(level int32, text ptr, _ ptr) uintptr {
		if level < 3 || text == 0 { // GGML_LOG_LEVEL_WARN
			return 0
		}
		n := 0
		for *at[byte](text + uintptr(n)) != 0 && n < 4096 {
			n++
		}
		line := strings.TrimSpace(string(unsafe.Slice(at[byte](text), n)))
		logMu.Lock()
		defer logMu.Unlock()
		if logLast = append(logLast, line); len(logLast) > 8 {
			logLast = logLast[1:]
		}
		return 0
	})
}

// lastLog is what ggml said last, in parentheses, or nothing.
func lastLog() string {
	logMu.Lock()
	defer logMu.Unlock()
	if len(logLast) == 0 {
		return ""
	}
	return " (ggml: " + logLast[len(logLast)-1] + ")"
}

// keep is runtime.KeepAlive under a shorter name.
func keep(x any) { runtime.KeepAlive(x) }
