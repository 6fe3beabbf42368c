package mujoco

import (
	"encoding/binary"
	"fmt"
	"math"
)

// probe is a scene in which every size differs from its neighbours and every field that the
// bindings read has a value that is known from its text.
const probe = `<mujoco>
<option timestep="0.0037" gravity="0.5 0 -3" sdf_iterations="13" iterations="77"/>
<visual><global offwidth="123" offheight="217"/><quality shadowsize="512" offsamples="3"/></visual>
<asset><material name="paint" rgba=".1 .2 .3 .4"/></asset>
<worldbody>
 <camera name="eye" pos="1 2 3" fovy="31"/>
 <light name="lamp" pos="4 5 6"/>
 <body name="hand" mocap="true" pos="7 8 9" quat="0 1 0 0"/>
 <body name="ball" pos="0 0 .098"><freejoint name="free"/><geom name="ballgeom" size=".1" rgba=".5 .6 .7 .8"/></body>
 <body name="arm" pos="2 0 1"><joint name="hinge" type="hinge" axis="0 1 0" range="-50 60"/>
  <geom name="box" type="box" size=".1 .2 .3" material="paint" contype="0" conaffinity="0"/><site name="tip" pos="0 0 .4" rgba=".9 .8 .7 .6"/>
  <site name="root"/><site name="mid" pos=".25 0 0"/></body>
 <geom name="floor" type="plane" size="1 1 .1"/>
</worldbody>
<equality><weld name="weld" body1="hand" body2="arm" active="false" torquescale="2.5"/></equality>
<actuator><motor name="motor" joint="hinge" ctrlrange="-4 6"/></actuator>
<sensor><framepos name="where" objtype="site" objname="tip"/><jointpos name="angle" joint="hinge"/></sensor>
</mujoco>`

// verify reads every field of a known scene through the offsets and compares.
func (l *Library) verify() error {
	option := make([]byte, sizeOption)
	l.defaultOpt(start(option))
	number := func(at int) float64 { return math.Float64frombits(binary.NativeEndian.Uint64(option[at:])) }
	if dt, g := number(oOption_timestep), number(oOption_gravity+16); dt != 0.002 || g != -9.81 {
		return fmt.Errorf("mj_defaultOption gives a timestep of %v and a gravity of %v", dt, g)
	}
	m, err := l.ParseXML("probe.xml", probe, nil)
	if err != nil {
		return err
	}
	defer m.Close()
	d, err := m.NewData()
	if err != nil {
		return err
	}
	defer d.Close()
	c := &comparison{}
	c.model(m)
	if c.err != nil { // the slices of Data have lengths out of Model
		return c.err
	}
	c.data(m, d)
	return c.err
}

// comparison keeps the first field that differs.
type comparison struct{ err error }

func (c *comparison) ints(name string, got []int32, want ...int32) {
	for i := range max(len(got), len(want)) {
		if c.err == nil && (len(got) != len(want) || got[i] != want[i]) {
			c.err = fmt.Errorf("%s is %v, not %v", name, got, want)
		}
	}
}

func (c *comparison) floats(name string, got []float64, want ...float64) {
	for i := range max(len(got), len(want)) {
		if c.err == nil && (len(got) != len(want) || !(math.Abs(got[i]-want[i]) < 1e-6)) {
			c.err = fmt.Errorf("%s is %.6v, not %v", name, got, want)
		}
	}
}

func wide(s []float32) []float64 {
	out := make([]float64, len(s))
	for i, x := range s {
		out[i] = float64(x)
	}
	return out
}

func (c *comparison) model(m *Model) {
	c.ints("mjModel's sizes", []int32{int32(m.NQ), int32(m.NV), int32(m.NU), int32(m.NBody), int32(m.NJoint), int32(m.NGeom), int32(m.NSite),
		int32(m.NCamera), int32(m.NLight), int32(m.NEquality), int32(m.NMaterial), int32(m.NSensor), int32(m.NMocap), int32(m.sensorData)},
		8, 7, 1, 4, 2, 3, 3, 1, 1, 1, 1, 2, 1, 4)
	if c.err != nil { // without sizes the slices below are of any length
		return
	}
	opt, vis := m.p+oModel_opt, m.p+oModel_vis
	c.floats("mjOption", []float64{m.Timestep(), *at[float64](opt + oOption_gravity), *at[float64](opt + oOption_gravity + 16)}, 0.0037, 0.5, -3)
	c.ints("mjOption", []int32{*at[int32](opt + oOption_iterations), *at[int32](opt + oOption_sdf_iterations)}, 77, 13)
	c.ints("mjVisual", []int32{*at[int32](vis + oVisual_global_offwidth), *at[int32](vis + oVisual_global_offheight),
		*at[int32](vis + oVisual_quality_shadowsize), *at[int32](vis + oVisual_quality_offsamples)}, 123, 217, 512, 3)
	c.floats("qpos0", m.QPos0, 0, 0, .098, 1, 0, 0, 0, 0)
	c.ints("body_parentid", m.BodyParent, 0, 0, 0, 0)
	c.ints("body_mocapid", m.BodyMocap, -1, 0, -1, -1)
	c.floats("body_pos", m.BodyPos[3:], 7, 8, 9, 0, 0, .098, 2, 0, 1)
	c.floats("body_quat", m.BodyQuat[4:8], 0, 1, 0, 0)
	c.floats("body_mass", m.BodyMass[2:], 1000*math.Pi*.001*4/3, 48)
	c.ints("jnt_type", m.JointType, 0, 3)
	c.ints("jnt_qposadr", m.JointQPos, 0, 7)
	c.ints("jnt_dofadr", m.JointDOF, 0, 6)
	c.ints("jnt_bodyid", m.JointBody, 2, 3)
	c.floats("jnt_range", m.JointRange[2:], -50*math.Pi/180, 60*math.Pi/180)
	c.ints("dof_bodyid", m.DOFBody, 2, 2, 2, 2, 2, 2, 3)
	c.ints("geom_type", m.GeomType, 0, 2, 6)
	c.ints("geom_bodyid", m.GeomBody, 0, 2, 3)
	c.ints("geom_matid", m.GeomMaterial, -1, -1, 0)
	c.floats("geom_size", m.GeomSize[6:], .1, .2, .3)
	c.floats("geom_rgba", wide(m.GeomRGBA[4:8]), .5, .6, .7, .8)
	c.ints("site_bodyid", m.SiteBody, 3, 3, 3)
	c.floats("site_pos", m.SitePos, 0, 0, .4, 0, 0, 0, .25, 0, 0)
	c.floats("site_rgba", wide(m.SiteRGBA[:4]), .9, .8, .7, .6)
	c.floats("cam_pos", m.CameraPos, 1, 2, 3)
	c.floats("cam_quat", m.CameraQuat, 1, 0, 0, 0)
	c.floats("cam_fovy", m.CameraFOV, 31)
	c.floats("light_pos", m.LightPos, 4, 5, 6)
	c.floats("mat_rgba", wide(m.MaterialRGBA), .1, .2, .3, .4)
	c.ints("eq_type", m.EqType, EqualityWeld)
	c.floats("eq_data", m.EqData[10:], 2.5)
	c.floats("actuator_ctrlrange", m.CtrlRange, -4, 6)
	c.ints("sensor_adr", m.SensorAddress, 0, 3)
	c.ints("sensor_dim", m.SensorDim, 3, 1)
	for kind, name := range map[Kind]string{Body: "ball", Joint: "hinge", Geom: "box", Site: "tip", Camera: "eye",
		Light: "lamp", Material: "paint", Equality: "weld", Actuator: "motor", Sensor: "angle"} {
		id, err := m.ID(kind, name)
		if err == nil && m.Name(kind, id) != name {
			err = fmt.Errorf("%s %d is called %q, not %q", kind, id, m.Name(kind, id), name)
		}
		if err != nil && c.err == nil {
			c.err = err
		}
	}
}

func (c *comparison) data(m *Model, d *Data) {
	angle := math.Pi / 6
	d.QPos[7], d.QVel[6], d.Ctrl[0], d.MocapPos[0] = angle, 1, 3, -7
	if c.err = d.Forward(); c.err != nil {
		return
	}
	sin, cos := math.Sincos(angle)
	tip := []float64{2 + .4*sin, 0, 1 + .4*cos}
	c.floats("xpos", d.XPos, 0, 0, 0, -7, 8, 9, 0, 0, .098, 2, 0, 1)
	c.floats("xquat", d.XQuat[12:], math.Cos(angle/2), 0, math.Sin(angle/2), 0)
	c.floats("xmat", d.XMat[27:], cos, 0, sin, 0, 1, 0, -sin, 0, cos)
	c.floats("mocap_quat", d.MocapQuat, 0, 1, 0, 0)
	c.floats("geom_xpos", d.GeomPos, 0, 0, 0, 0, 0, .098, 2, 0, 1)
	c.floats("geom_xmat", d.GeomMat[18:], cos, 0, sin, 0, 1, 0, -sin, 0, cos)
	c.floats("site_xpos", d.SitePos[:3], tip...)
	c.floats("site_xmat", d.SiteMat[:9], cos, 0, sin, 0, 1, 0, -sin, 0, cos)
	c.floats("cam_xpos", d.CameraPos, 1, 2, 3)
	c.floats("cam_xmat", d.CameraMat, 1, 0, 0, 0, 1, 0, 0, 0, 1)
	c.floats("cvel", d.CVel[18:21], 0, 1, 0)
	c.floats("sensordata", d.SensorData, tip[0], 0, tip[2], angle)
	// The hinge turns a box about its centre of mass: torque over inertia.
	c.floats("qacc", d.QAcc[6:], 3/(48./3*(.1*.1+.3*.3)))
	contacts := d.Contacts()
	if c.err == nil && len(contacts) != 1 {
		c.err = fmt.Errorf("%d contacts are found, not 1", len(contacts))
	}
	if c.err != nil {
		return
	}
	k := contacts[0]
	c.ints("mjContact's geoms", []int32{int32(k.Geom1), int32(k.Geom2), int32(k.Address)}, 0, 1, 0)
	c.floats("mjContact", append(k.Pos[:], k.Distance), 0, 0, -.001, -.002)
	force := make([]float64, 6)
	m.lib.contactForce(m.p, d.p, 0, start(force))
	if got := d.ConstraintForce(0); c.err == nil && (force[0] <= 0 || got <= 0) {
		c.err = fmt.Errorf("efc_force holds %v where a contact presses with %v N", got, force[0])
	}
	if c.err == nil {
		c.err = d.Step(2)
	}
	c.floats("time", []float64{d.Time()}, 2*.0037)
	m.lib.warn(d.p, badQVel, 6)
	if err := d.blown(); c.err == nil && err == nil {
		c.err = fmt.Errorf("a warning that was raised is not seen")
	}
	d.QForce[0], d.XForce[18], d.Warmstart[0] = 1, 1, 1
	if c.err == nil {
		c.err = d.Reset()
	}
	c.floats("what a reset clears", []float64{d.QForce[0], d.XForce[18], d.Warmstart[0], d.QPos[7], d.Ctrl[0], d.Time()}, 0, 0, 0, 0, 0, 0)
	TakeWarnings() // the one above
}
