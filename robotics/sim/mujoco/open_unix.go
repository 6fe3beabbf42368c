//go:build !windows

package mujoco

import "github.com/ebitengine/purego"

func open(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

// symbol is the address of a variable of the library.
func symbol(handle uintptr, name string) (uintptr, error) { return purego.Dlsym(handle, name) }
