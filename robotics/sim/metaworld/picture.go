package metaworld

import (
	"strings"

	"winnow/robotics/sim/mujoco"
)

var cameras = []string{"corner2", "corner", "corner3", "topview", "behindGripper", "gripperPOV"}

// moveCamera puts the usual camera nearer to the table than the scene has it; see doc.go.
func (e *Env) moveCamera() error {
	id, err := e.m.ID(mujoco.Camera, cameras[0])
	if err != nil {
		return err
	}
	put3(e.m.CameraPos, id, vec{0.75, 0.075, 0.7})
	return nil
}

// Picture is sim.Env's.
func (e *Env) Picture(camera string, buffer []byte) ([]byte, error) {
	if camera == "" {
		camera = cameras[0]
	}
	rgb, err := e.eyes.Picture(e.d, camera, buffer)
	if err == nil && strings.HasPrefix(camera, "corner") {
		turn(rgb)
	}
	return rgb, err
}

// turn puts a picture the right way up: the scenes' corner cameras hang upside down.
func turn(rgb []byte) {
	for i, j := 0, len(rgb)-3; i < j; i, j = i+3, j-3 {
		for k := range 3 {
			rgb[i+k], rgb[j+k] = rgb[j+k], rgb[i+k]
		}
	}
}

// Size is sim.Env's.
func (e *Env) Size() (width, height int) { return e.eyes.Size() }
