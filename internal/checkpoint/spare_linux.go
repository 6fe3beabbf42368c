package checkpoint

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Spare lets the system take back the memory of a tensor that was copied elsewhere. A later
// read brings it back from the file. On files that Open did not map it does nothing.
func (f *File) Spare(t *Tensor) {
	if f.release == nil || len(t.Data) == 0 {
		return
	}
	page := uintptr(os.Getpagesize())
	start := uintptr(unsafe.Pointer(unsafe.SliceData(t.Data)))
	skip := (page - start%page) % page // only pages that hold nothing else
	if n := (uintptr(len(t.Data)) - min(skip, uintptr(len(t.Data)))) / page * page; n > 0 {
		unix.Madvise(t.Data[skip:skip+n], unix.MADV_DONTNEED) // a hint: it may be refused
	}
}
