//go:build !windows

package ggml

import "github.com/ebitengine/purego"

func open(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
}

// strlenAddress finds the C function that abort.go uses.
func strlenAddress() (uintptr, error) { return purego.Dlsym(purego.RTLD_DEFAULT, "strlen") }
