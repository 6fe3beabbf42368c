package libllama

import "golang.org/x/sys/windows"

func open(path string) (uintptr, error) {
	// the libraries find each other beside themselves
	h, err := windows.LoadLibraryEx(path, 0, windows.LOAD_WITH_ALTERED_SEARCH_PATH)
	return uintptr(h), err
}
