// Package mujoco calls MuJoCo's C library, loaded at run time without cgo.
//
//	lib, err := mujoco.Load()                       // what `winnow native install mujoco` brought
//	m, err := lib.ParseXML("scene.xml", text, nil)  // or lib.LoadXML(path)
//	d, err := m.NewData()
//	d.Ctrl[0] = 0.5
//	err = d.Step(25)                                // names the body where the physics blows up
//	x := d.XPos[3*body : 3*body+3]
//
// MuJoCo has no functions that read a field: programs take fields out of mjModel and mjData
// themselves. offsets.go says where they lie; gen writes it from the headers of exactly
// version 3.10.0, and Load refuses any other version, and a library whose fields do not hold
// what a small known scene must put there (verify.go).
//
// The fields of [Model] and [Data] are Go slices over C memory: writing to them writes to the
// simulator. They are nil after Close.
//
// MuJoCo reports what it cannot go on from by a handler that must not return, or ends the
// process. The handler here panics through the C frames, which Go's runtime unwinds, and
// the call returns the text as an error (guard.go). A Data whose step ended so is refused
// from then on.
//
// A Model may be shared by goroutines that only read it; a Data belongs to one goroutine at
// a time.
//
// Start reading at library.go, then model.go and data.go.
package mujoco

//go:generate go run ./gen -list physics -package mujoco -out offsets.go
//go:generate go run ./gen -list render -package render -out ../render/offsets.go
