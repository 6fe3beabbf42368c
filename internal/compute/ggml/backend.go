package ggml

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/ebitengine/purego"

	"winnow/internal/compute"
)

// Device types of ggml.
const (
	typeCPU   = 0
	typeGPU   = 1
	typeIGPU  = 2
	typeAccel = 3
)

// Devices lists what the library found, CPU first, with the ids that Open takes.
func (l *Library) Devices() []compute.Device {
	var cpus, gpus []compute.Device
	l.eachDevice(func(id string, dev ptr) bool {
		d := l.describe(id, dev)
		if id == "cpu" {
			cpus = append(cpus, d)
		} else {
			gpus = append(gpus, d)
		}
		return true
	})
	return append(cpus, gpus...)
}

func (l *Library) describe(id string, dev ptr) compute.Device {
	var free, total uintptr
	l.dev_memory(dev, ptr(unsafe.Pointer(&free)), ptr(unsafe.Pointer(&total)))
	return compute.Device{
		ID: id, Description: strings.TrimSpace(l.dev_description(dev)), Backend: "ggml " + l.Version,
		MemoryFree: int64(free), MemoryTotal: int64(total),
	}
}

// eachDevice calls visit with cpu, vulkan:0, cuda:0 … until it returns false.
func (l *Library) eachDevice(visit func(id string, dev ptr) bool) {
	counts := map[string]int{}
	for i := range l.dev_count() {
		dev := l.dev_get(i)
		switch l.dev_type(dev) {
		case typeCPU:
			if !visit("cpu", dev) {
				return
			}
		case typeGPU, typeIGPU:
			family := strings.ToLower(l.reg_name(l.dev_reg(dev)))
			n := counts[family]
			counts[family]++
			if !visit(family+":"+strconv.Itoa(n), dev) {
				return
			}
		}
	}
}

// backend is a compute.Backend on one device of ggml.
type backend struct {
	*Library
	info   compute.Device
	dev    ptr // the device
	handle ptr // its ggml_backend
	isCPU  bool
	cpu    ptr // a CPU backend beside a GPU's, for operations that it lacks
	// ggml starts threads anew at every run unless it is given a pool. The workers of the eager
	// one wait for the next graph in a loop, those of the calm one sleep; see Streak. threaded
	// is the CPU backend that they serve.
	eager, calm, threaded ptr
	setPool               func(b, pool ptr)
	freePool              func(pool ptr)
	// useThreads sets how many threads compute the next graph, using is what was set last.
	useThreads     func(n int)
	threads, using int
	streaking      bool
	abort          *abortFlag
	// extra are the buffer types that repack matrices for this processor, best first.
	extra []ptr
	// spare is working memory of freed programs, at most maxSpare of them.
	spare []spareAlloc
	slabs []*slab
	// repacks remembers which of them a matrix goes to.
	repacks map[repackKey]ptr
	used    atomic.Int64
	// immortal: nothing is freed before the process ends. Mesa's software Vulkan (lavapipe) goes
	// on using freed memory and corrupts the heap.
	immortal bool
}

// Open makes a backend for a device id of Devices.
func (l *Library) Open(id string, threads int) (compute.Backend, error) {
	var dev, cpuDev ptr
	l.eachDevice(func(have string, d ptr) bool {
		if have == id {
			dev = d
		}
		if have == "cpu" {
			cpuDev = d
		}
		return true
	})
	if dev == 0 {
		var have []string
		for _, d := range l.Devices() {
			have = append(have, d.ID)
		}
		return nil, fmt.Errorf("there is no device %q here; choose from %s, ref", id, strings.Join(have, ", "))
	}
	if cpuDev == 0 {
		return nil, fmt.Errorf("no ggml library for this processor lies in %s; run `winnow native install cpu`", l.dir)
	}
	b := &backend{Library: l, info: l.describe(id, dev), dev: dev, isCPU: id == "cpu", abort: newAbortFlag(), repacks: map[repackKey]ptr{}}
	b.immortal = strings.Contains(b.info.Description, "llvmpipe")
	if b.handle = l.dev_init(dev, 0); b.handle == 0 {
		return nil, fmt.Errorf("device %s does not start%s; choose another with --device", id, lastLog())
	}
	cpu := b.handle
	if !b.isCPU {
		if b.cpu = l.dev_init(cpuDev, 0); b.cpu == 0 {
			return nil, fmt.Errorf("the CPU beside device %s does not start%s", id, lastLog())
		}
		cpu = b.cpu
	}
	if err := b.setUpCPU(cpuDev, cpu, threads); err != nil {
		return nil, err
	}
	if b.isCPU {
		b.info.Threads = threads
		b.findExtraBuffers(cpuDev)
	}
	return b, nil
}

// setUpCPU gives the CPU backend its threads, a lasting pool of them, and the abort flag.
func (b *backend) setUpCPU(dev, cpu ptr, threads int) error {
	reg := b.dev_reg(dev)
	var setThreads func(b ptr, n int32)
	if err := b.proc(reg, "ggml_backend_set_n_threads", &setThreads); err != nil {
		return err
	}
	b.threads = threads
	b.useThreads = func(n int) {
		if n != b.using {
			setThreads(cpu, int32(n))
			b.using = n
		}
	}
	b.useThreads(threads)

	var newPool func(params ptr) ptr
	if b.proc(reg, "ggml_threadpool_new", &newPool) == nil &&
		b.proc(reg, "ggml_threadpool_free", &b.freePool) == nil &&
		b.proc(reg, "ggml_backend_cpu_set_threadpool", &b.setPool) == nil {
		params := make([]uint64, 256) // struct ggml_threadpool_params: about 530 bytes
		b.threadpool_params(address(params), int32(threads))
		b.eager = newPool(address(params))
		quiet(params)
		b.calm = newPool(address(params))
		keep(params)
		b.threaded = cpu
		b.Streak(true) // and off again: only a pool that was set can be paused
		b.Streak(false)
	}
	var setAbort func(b, fn, data ptr)
	if fn, err := strlenAddress(); err == nil && b.proc(reg, "ggml_backend_set_abort_callback", &setAbort) == nil {
		setAbort(cpu, fn, ptr(unsafe.Pointer(b.abort.text)))
	}
	return nil
}

// Streak implements compute.Streaker. Changing the pool makes ggml pause the other one.
func (b *backend) Streak(on bool) {
	b.streaking = on
	switch {
	case b.threaded == 0:
	case on:
		b.setPool(b.threaded, b.eager)
	default:
		b.setPool(b.threaded, b.calm)
	}
}

// The poll level in struct ggml_threadpool_params (after 512 bools and two ints), and its default.
const (
	pollField   = 520
	pollDefault = 50
)

// quiet lets idle workers of a pool sleep at once. By default they loop for many milliseconds
// after each graph, on cores that the choosing between two segments needs.
func quiet(params []uint64) {
	poll := at[uint32](address(params) + pollField)
	if *poll == pollDefault {
		*poll = 0
	}
}

// proc binds a function that a ggml backend offers by name.
func (b *backend) proc(reg ptr, name string, fn any) error {
	p := b.reg_proc(reg, name)
	if p == 0 {
		return fmt.Errorf("ggml %s has no %s; run `winnow native install cpu`", b.Version, name)
	}
	purego.RegisterFunc(fn, p)
	return nil
}

func (b *backend) Device() compute.Device { return b.info }
func (b *backend) MemoryUsed() int64      { return b.used.Load() }

func (b *backend) Close() error {
	if b.handle == 0 {
		return nil
	}
	for _, s := range b.spare {
		b.gallocr_free(s.alloc)
	}
	b.spare = nil
	if !b.immortal {
		b.backend_free(b.handle)
	}
	if b.cpu != 0 {
		b.backend_free(b.cpu)
	}
	for _, pool := range []ptr{b.eager, b.calm} {
		if pool != 0 {
			b.freePool(pool)
		}
	}
	b.abort.free()
	b.handle = 0
	return nil
}
