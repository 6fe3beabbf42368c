package device

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"winnow/internal/compute"
	"winnow/internal/compute/ggml"
	"winnow/internal/compute/ref"
	"winnow/internal/native"
)

// Threads is the number of physical cores, which is what ggml runs fastest with: more threads
// than cores make it several times slower.
func Threads() int {
	n := cpuid.CPU.PhysicalCores
	if n <= 0 {
		n = runtime.NumCPU()
	}
	return max(1, min(n, runtime.NumCPU()))
}

// library loads ggml and, for a GPU's id, the library of its kind. The CPU set is preferred as
// the base: it starts fastest, and a GPU's library can be added to it later.
func library(id string) (*ggml.Library, error) {
	kind, _, _ := strings.Cut(id, ":")
	base, err := native.Find("cpu")
	if err != nil {
		if base, err = native.Find("auto"); err != nil {
			return nil, err
		}
	}
	l, err := ggml.Load(base.GGMLBase, base.GGML)
	if err != nil || kind == "cpu" {
		return l, err
	}
	libs, err := native.Find(kind)
	if err != nil {
		return nil, err
	}
	if libs.Kind != "cpu" {
		err = l.AddBackend(libs.Kind, libs.Dir)
		if kind == "auto" {
			err = nil // the CPU is there
		}
	}
	return l, err
}

// refDevice describes the plain-Go backend.
func refDevice() compute.Device {
	return compute.Device{ID: "ref", Description: "plain Go, slow", Backend: "winnow ref", Threads: Threads()}
}

// List returns the devices of the best installed libraries, and ref. The error says why there
// is only ref.
func List() ([]compute.Device, error) {
	l, err := library("auto")
	if err != nil {
		return []compute.Device{refDevice()}, err
	}
	devices := l.Devices()
	for i := range devices {
		if devices[i].ID == "cpu" {
			devices[i].Threads = Threads()
		}
	}
	return append(devices, refDevice()), nil
}

// Open opens a device by id; threads 0 means Threads(). notice is a sentence for the person
// when auto had to fall back to ref.
func Open(id string, threads int) (b compute.Backend, notice string, err error) {
	if threads <= 0 {
		threads = Threads()
	}
	switch id {
	case "ref":
		return ref.New(threads), "", nil
	case "", "auto":
		l, err := library("auto")
		if err != nil {
			return ref.New(threads), fmt.Sprintf("computing in plain Go, which is slow: %v", err), nil
		}
		best := "cpu"
		for _, d := range l.Devices() {
			if d.ID != "cpu" && !strings.Contains(d.Description, "llvmpipe") { // a GPU painted by the CPU
				best = d.ID
				break
			}
		}
		b, err := l.Open(best, threads)
		if err != nil && best != "cpu" {
			notice = fmt.Sprintf("computing on the CPU: %v", err)
			b, err = l.Open("cpu", threads)
		}
		return b, notice, err
	}
	if kind, _, _ := strings.Cut(id, ":"); !slices.Contains([]string{"cpu", "vulkan", "cuda", "metal"}, kind) {
		return nil, "", fmt.Errorf("there is no device %q; choose auto, cpu, ref, or a GPU such as vulkan:0, cuda:0 or metal:0", id)
	}
	l, err := library(id)
	if err != nil {
		return nil, "", err
	}
	b, err = l.Open(id, threads)
	return b, "", err
}
