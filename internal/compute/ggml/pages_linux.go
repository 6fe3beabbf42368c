package ggml

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// largePages asks for 2 MB pages where the system gives them on request. It is a hint.
func largePages(base, size uintptr) {
	const large = 2 << 20
	start := (base + large - 1) / large * large
	if end := (base + size) / large * large; end > start {
		unix.Madvise(unsafe.Slice(at[byte](start), end-start), unix.MADV_HUGEPAGE)
	}
}
