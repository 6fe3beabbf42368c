//go:build windows

package checkpoint

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// mapFile maps size bytes of f for reading. A view outlives the file handle.
func mapFile(f *os.File, size int) ([]byte, func() error, error) {
	h, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return nil, nil, err
	}
	addr, err := windows.MapViewOfFile(h, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return nil, nil, errors.Join(err, windows.CloseHandle(h))
	}
	// The address is the kernel's, not Go memory: reading it through a pointer to the
	// variable keeps vet's unsafe.Pointer rule without a conversion from a number.
	p := *(*unsafe.Pointer)(unsafe.Pointer(&addr))
	release := func() error {
		return errors.Join(windows.UnmapViewOfFile(addr), windows.CloseHandle(h))
	}
	return unsafe.Slice((*byte)(p), size), release, nil
}
