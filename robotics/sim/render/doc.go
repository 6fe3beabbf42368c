// Package render paints pictures of a simulation with MuJoCo's own renderer, without a window.
//
//	r, err := render.New(model, render.Options{Width: 96, Height: 96})   // shadows off
//	defer r.Close()
//	rgb, err := r.RGB(data, "corner2", nil)      // 96 × 96 × 3 bytes, top row first
//
// The renderer needs an OpenGL context. There are two sources, tried in this order:
//
//	EGL      a surfaceless context, on the GPU where there is one, else on Mesa's processor
//	         renderer (context_egl.go)
//	OSMesa   Mesa's renderer into memory (context_osmesa.go)
//
// A context belongs to one operating-system thread, so each Renderer owns a goroutine that is
// tied to one; its methods hand their work over and may be called from anywhere. One renderer of
// a process paints at a time: two at once have crashed Mesa.
//
// The finished picture is fetched with go-gl where the program is built with cgo, which go-gl
// needs (read_cgo.go), and with MuJoCo's own function elsewhere (read.go). The two give the
// same bytes. The picture of one state is the same in every run on one machine and driver.
//
// A picture of 96 × 96 pixels, measured on one core of a processor: 9 ms of a Meta-World scene,
// 2 ms of the table; with shadows 60 ms and more.
//
// Start reading at render.go.
package render
