// Package policies finds robot policies by name: those inside the program, and folders. Engine, command
// line and benches share it.
package policies
