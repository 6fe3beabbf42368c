package mujoco

import (
	"fmt"
	"math"
)

// Data is the state of one simulation. Positions are in metres in the world's frame,
// velocities in metres or radians a second.
type Data struct {
	// Model is what is simulated.
	Model *Model

	QPos, QVel, QAcc []float64 // NQ, NV, NV: generalized position, velocity, acceleration
	Ctrl             []float64 // NU: what the actuators are told
	QForce, XForce   []float64 // NV, NBody × 6: forces that the program applies
	Warmstart        []float64 // NV: where the solver begins
	MocapPos         []float64 // NMocap × 3
	MocapQuat        []float64 // NMocap × 4
	SensorData       []float64
	XPos, XQuat      []float64 // NBody × 3, × 4
	XMat             []float64 // NBody × 9, row by row
	CVel             []float64 // NBody × 6, rotation then translation, about the tree's centre of mass
	GeomPos          []float64 // NGeom × 3
	GeomMat          []float64 // NGeom × 9
	SitePos          []float64 // NSite × 3
	SiteMat          []float64 // NSite × 9
	CameraPos        []float64 // NCamera × 3
	CameraMat        []float64 // NCamera × 9

	p      ptr
	broken error
}

// NewData makes a simulation in the model's default state; call Forward to fill in what
// follows from it.
func (m *Model) NewData() (*Data, error) {
	if m.p == 0 {
		return nil, errClosed
	}
	var p ptr
	err := Guard("making room for "+m.Source, func() { p = m.lib.makeData(m.p) })
	if err == nil && p == 0 {
		err = fmt.Errorf("there is not enough memory for a simulation of %s: close others", m.Source)
	}
	if err != nil {
		return nil, err
	}
	d := &Data{Model: m, p: p}
	f := func(offset ptr, rows, columns int) []float64 { return view[float64](p+offset, int64(rows*columns)) }
	d.QPos, d.QVel, d.QAcc = f(oData_qpos, m.NQ, 1), f(oData_qvel, m.NV, 1), f(oData_qacc, m.NV, 1)
	d.Ctrl, d.QForce, d.XForce = f(oData_ctrl, m.NU, 1), f(oData_qfrc_applied, m.NV, 1), f(oData_xfrc_applied, m.NBody, 6)
	d.Warmstart = f(oData_qacc_warmstart, m.NV, 1)
	d.MocapPos, d.MocapQuat = f(oData_mocap_pos, m.NMocap, 3), f(oData_mocap_quat, m.NMocap, 4)
	d.SensorData = f(oData_sensordata, int(m.sensorData), 1)
	d.XPos, d.XQuat, d.XMat = f(oData_xpos, m.NBody, 3), f(oData_xquat, m.NBody, 4), f(oData_xmat, m.NBody, 9)
	d.CVel = f(oData_cvel, m.NBody, 6)
	d.GeomPos, d.GeomMat = f(oData_geom_xpos, m.NGeom, 3), f(oData_geom_xmat, m.NGeom, 9)
	d.SitePos, d.SiteMat = f(oData_site_xpos, m.NSite, 3), f(oData_site_xmat, m.NSite, 9)
	d.CameraPos, d.CameraMat = f(oData_cam_xpos, m.NCamera, 3), f(oData_cam_xmat, m.NCamera, 9)
	return d, nil
}

// Close frees the simulation.
func (d *Data) Close() {
	if d.p != 0 {
		d.Model.lib.deleteData(d.p)
	}
	*d = Data{Model: d.Model}
}

// Pointer is the mjData, for package render; 0 after Close.
func (d *Data) Pointer() uintptr { return d.p }

// Time is the simulated time since Reset in seconds.
func (d *Data) Time() float64 {
	if d.p == 0 {
		return 0
	}
	return *at[float64](d.p + oData_time)
}

// Reset puts everything back to the model's default state, warnings too.
func (d *Data) Reset() error {
	return d.run("resetting", func() { d.Model.lib.resetData(d.Model.p, d.p) })
}

// Forward computes what follows from positions, velocities and controls, and does not move
// time on.
func (d *Data) Forward() error {
	return d.run("computing a state of", func() { d.Model.lib.forward(d.Model.p, d.p) })
}

// Step moves time on by n physics steps. Where positions, velocities or accelerations are no
// longer finite or run away, it stops and the error names the body; MuJoCo has put the state
// back to the default then, so Reset and begin a new episode.
func (d *Data) Step(n int) error {
	for range n {
		if err := d.run("simulating", func() { d.Model.lib.step(d.Model.p, d.p) }); err != nil {
			return err
		}
		if err := d.blown(); err != nil {
			return err
		}
	}
	return nil
}

func (d *Data) run(doing string, call func()) error {
	switch {
	case d.p == 0 || d.Model.p == 0:
		return errClosed
	case d.broken != nil:
		return d.broken
	}
	if err := Guard(doing+" "+d.Model.Source, call); err != nil {
		// The C code was left in the middle of this object.
		d.broken = fmt.Errorf("%w; begin again with a new simulation", err)
		return d.broken
	}
	return nil
}

// The warnings (mjtWarning) after which a state means nothing.
const (
	badQPos = 3
	badQVel = 4
	badQAcc = 5
	badCtrl = 6
)

// blown reports, and forgets, that the last step found a number it cannot compute with.
func (d *Data) blown() error {
	for _, w := range []struct {
		code int
		what string
	}{{badQPos, "position"}, {badQVel, "velocity"}, {badQAcc, "acceleration"}, {badCtrl, "control"}} {
		stat := d.p + oData_warning + ptr(w.code)*sizeWarningStat
		if *at[int32](stat + oWarningStat_number) == 0 {
			continue
		}
		*at[int32](stat + oWarningStat_number) = 0
		info := int(*at[int32](stat + oWarningStat_lastinfo))
		if w.code == badCtrl {
			return fmt.Errorf("control %d (%s) of %s is not a finite number: check the actions that are sent", info, d.Model.Name(Actuator, info), d.Model.Source)
		}
		return fmt.Errorf("the physics of %s blew up at body %q, whose %s ran away: lower the timestep or the forces on it, or look for bodies that begin inside each other",
			d.Model.Source, d.Model.Name(Body, d.bodyOf(w.code, info)), w.what)
	}
	return nil
}

// bodyOf finds the body that a coordinate (badQPos) or a degree of freedom moves.
func (d *Data) bodyOf(code, index int) int {
	m := d.Model
	if code != badQPos {
		if index >= 0 && index < m.NV {
			return int(m.DOFBody[index])
		}
		return 0
	}
	for j := m.NJoint - 1; j >= 0; j-- {
		if int(m.JointQPos[j]) <= index {
			return int(m.JointBody[j])
		}
	}
	return 0
}

// Contact is one point where two geoms touch.
type Contact struct {
	Geom1, Geom2 int
	Distance     float64    // metres between the surfaces; negative where they overlap
	Pos          [3]float64 // metres, in the world
	Address      int        // of its first constraint force; −1 where the solver leaves it out
}

// Contacts lists where geoms touch in the current state.
func (d *Data) Contacts() []Contact {
	if d.p == 0 {
		return nil
	}
	n := int(*at[int32](d.p + oData_ncon))
	first := *at[ptr](d.p + oData_contact)
	out := make([]Contact, 0, n)
	for i := range n {
		c := first + ptr(i)*sizeContact
		out = append(out, Contact{
			Geom1: int(*at[int32](c + oContact_geom1)), Geom2: int(*at[int32](c + oContact_geom2)),
			Distance: *at[float64](c + oContact_dist), Pos: *at[[3]float64](c + oContact_pos),
			Address: int(*at[int32](c + oContact_efc_address)),
		})
	}
	return out
}

// ConstraintForce is the solver's force at an address (newtons along the constraint), or 0.
func (d *Data) ConstraintForce(address int) float64 {
	if d.p == 0 || address < 0 || address >= int(*at[int32](d.p + oData_nefc)) {
		return 0
	}
	return *at[float64](*at[ptr](d.p + oData_efc_force) + ptr(8*address))
}

// Finite tells whether every position and velocity is a number that can be computed with.
func (d *Data) Finite() bool {
	for _, s := range [][]float64{d.QPos, d.QVel} {
		for _, x := range s {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return false
			}
		}
	}
	return true
}
