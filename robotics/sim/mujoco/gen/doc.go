// Command gen writes down where the fields of MuJoCo's structs lie.
//
// It reads the headers of one MuJoCo version (the folder that holds mujoco/mujoco.h; the
// Python wheel carries them under mujoco/include), lets the C compiler answer with offsetof
// and sizeof, and writes Go constants:
//
//	go run ./gen -include <wheel>/mujoco/include -list physics -package mujoco -out offsets.go
//
// The structs use sized types, int, float, double, pointers and size_t only, so the numbers
// are those of every 64-bit platform.
//
// Start reading at lists.go, which names the fields.
package main
