//go:build cgo && linux

package render

import (
	"sync"

	"github.com/go-gl/gl/v3.3-core/gl"
)

// The functions of go-gl's v3.3-core are found once. The window uses another of go-gl's
// packages, whose functions are its own.
var (
	glOnce sync.Once
	glOK   bool
)

// haveGL finds go-gl's functions through an EGL context. OSMesa's are of no use to others, so
// they are never put there.
func haveGL(c context) bool {
	if c.backend != "egl" {
		return false
	}
	glOnce.Do(func() { glOK = gl.InitWithProcAddrFunc(c.address) == nil })
	return glOK
}

// read fetches the picture that MuJoCo has painted into its offscreen buffer. A buffer of
// several samples must be averaged into another first, which MuJoCo's own function does.
func (r *Renderer) read(all rect) {
	if !haveGL(r.context) || integer(r.con, orContext_offSamples) > 0 {
		r.readMuJoCo(all)
		return
	}
	gl.BindFramebuffer(gl.READ_FRAMEBUFFER, uint32(integer(r.con, orContext_offFBO)))
	gl.ReadBuffer(gl.COLOR_ATTACHMENT0)
	gl.PixelStorei(gl.PACK_ALIGNMENT, 1) // rows of 3 bytes a pixel, none between them
	gl.ReadPixels(0, 0, all.Width, all.Height, gl.RGB, gl.UNSIGNED_BYTE, first(r.pixels))
}

// version is what the driver calls itself.
func version(c context) string {
	if !haveGL(c) {
		return ""
	}
	return gl.GoStr(gl.GetString(gl.RENDERER)) + ", OpenGL " + gl.GoStr(gl.GetString(gl.VERSION))
}
