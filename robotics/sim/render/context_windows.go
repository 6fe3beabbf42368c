package render

import "errors"

func openEGL() (context, error) { return context{}, errors.New("Windows has no EGL of its own") }
func openOSMesa() (context, error) {
	return context{}, errors.New("OSMesa is looked for on Linux only")
}
