//go:build !cgo || !linux

package render

func (r *Renderer) read(all rect) { r.readMuJoCo(all) }

// version is not asked for without go-gl.
func version(context) string { return "" }
