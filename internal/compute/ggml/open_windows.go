package ggml

import "golang.org/x/sys/windows"

func open(path string) (uintptr, error) {
	// the libraries find each other beside themselves
	h, err := windows.LoadLibraryEx(path, 0, windows.LOAD_WITH_ALTERED_SEARCH_PATH)
	return uintptr(h), err
}

// strlenAddress finds the C function that abort.go uses.
func strlenAddress() (uintptr, error) {
	h, err := windows.LoadLibrary("ucrtbase.dll")
	if err != nil {
		return 0, err
	}
	return windows.GetProcAddress(h, "strlen")
}
