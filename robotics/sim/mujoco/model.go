package mujoco

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"unsafe"
)

// Kind is a kind of named object (mjtObj).
type Kind int32

// The kinds that can be looked up by name.
const (
	Body     Kind = 1
	Joint    Kind = 3
	Geom     Kind = 5
	Site     Kind = 6
	Camera   Kind = 7
	Light    Kind = 8
	Material Kind = 14
	Equality Kind = 17
	Actuator Kind = 19
	Sensor   Kind = 20
)

var kindNames = map[Kind]string{Body: "body", Joint: "joint", Geom: "geom", Site: "site", Camera: "camera", Light: "light",
	Material: "material", Equality: "equality", Actuator: "actuator", Sensor: "sensor"}

func (k Kind) String() string { return kindNames[k] }

// EqualityWeld is the value in EqType of a constraint that welds two bodies.
const EqualityWeld = 1

// Model is a compiled scene: what does not change while it is simulated. Lengths are in
// metres, angles in radians, masses in kilograms; quaternions are w, x, y, z.
type Model struct {
	// Source is the file that the model came from; errors name it.
	Source string
	// Numbers of generalized coordinates, degrees of freedom, controls and objects.
	NQ, NV, NU, NBody, NJoint, NGeom, NSite, NCamera, NLight, NEquality, NMaterial, NSensor, NMocap int

	QPos0                                     []float64 // NQ
	BodyParent, BodyMocap                     []int32   // NBody; BodyMocap is −1 for no mocap body
	BodyPos, BodyQuat                         []float64 // NBody × 3, × 4, in the parent's frame
	BodyMass                                  []float64 // NBody
	JointType, JointQPos, JointDOF, JointBody []int32   // NJoint: kind, first index in QPos and QVel, body
	JointRange                                []float64 // NJoint × 2
	DOFBody                                   []int32   // NV
	GeomType, GeomBody, GeomMaterial          []int32   // NGeom; GeomMaterial is −1 for none
	GeomSize, GeomPos                         []float64 // NGeom × 3
	GeomRGBA                                  []float32 // NGeom × 4, 0..1
	SiteBody                                  []int32   // NSite
	SitePos                                   []float64 // NSite × 3
	SiteRGBA                                  []float32 // NSite × 4
	CameraPos, CameraQuat, CameraFOV          []float64 // NCamera × 3, × 4, × 1 (degrees)
	LightPos                                  []float64 // NLight × 3
	MaterialRGBA                              []float32 // NMaterial × 4
	EqType                                    []int32   // NEquality
	EqData                                    []float64 // NEquality × 11
	CtrlRange                                 []float64 // NU × 2
	SensorAddress, SensorDim                  []int32   // NSensor
	lib                                       *Library
	p                                         ptr
	sensorData                                int64
}

// LoadXML reads a MJCF or URDF file and what it includes.
//
// The error names the file, MuJoCo's reason with the line, and what to do.
func (l *Library) LoadXML(path string) (*Model, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("the scene %s cannot be read: %w", path, err)
	}
	return l.compile(path, filepath.Base(path), nil)
}

// ParseXML reads MJCF from memory. Name stands for it in errors; files are what it includes
// by name (other MJCF, meshes, textures) and may be nil.
func (l *Library) ParseXML(name, xml string, files map[string][]byte) (*Model, error) {
	vfs := start(make([]byte, sizeVFS))
	l.defaultVFS(vfs)
	defer l.deleteVFS(vfs)
	all := map[string][]byte{name: []byte(xml)}
	for n, data := range files {
		all[n] = data
	}
	names := make([]string, 0, len(all))
	for n := range all {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		if len(all[n]) == 0 {
			return nil, fmt.Errorf("%s is empty: a scene needs MJCF text that begins with <mujoco>", n)
		}
		// The library copies the bytes.
		var code int32
		err := Guard("taking in "+n, func() { code = l.addBuffer(vfs, n, start(all[n]), int32(len(all[n]))) })
		if err != nil {
			return nil, err
		}
		if code != 0 {
			return nil, fmt.Errorf("%s cannot be handed to MuJoCo (code %d): name each file once", n, code)
		}
	}
	return l.compile(name, name, vfs)
}

func (l *Library) compile(path, name string, vfs unsafe.Pointer) (*Model, error) {
	said := make([]byte, 1024)
	var p ptr
	err := Guard("loading "+name, func() { p = l.loadXML(path, vfs, start(said), int32(len(said))) })
	if err != nil {
		return nil, err
	}
	if p == 0 {
		return nil, fmt.Errorf("the scene %s cannot be loaded: %s; mend it there and load it again", name, reason(string(said[:max(0, bytes.IndexByte(said, 0))])))
	}
	m := &Model{Source: name, lib: l, p: p}
	m.fill()
	return m, nil
}

var mjLine = regexp.MustCompile(`(?s)^(?:XML )?Error: *(.*?)\s*(?:Element '([^']*)', line (\d+))?\s*$`)

// reason turns "XML Error: Schema violation: …\nElement 'geom', line 7" into words in the
// order of a sentence.
func reason(said string) string {
	m := mjLine.FindStringSubmatch(strings.TrimSpace(said))
	switch {
	case m == nil || m[1] == "":
		if said = clean(said); said == "" {
			return "MuJoCo gives no reason"
		}
		return said
	case m[2] != "":
		return fmt.Sprintf("line %s, element <%s>: %s", m[3], m[2], clean(m[1]))
	}
	return clean(m[1])
}

func (m *Model) fill() {
	n := func(offset ptr) int { return int(*at[int64](m.p + offset)) }
	m.NQ, m.NV, m.NU, m.NBody = n(oModel_nq), n(oModel_nv), n(oModel_nu), n(oModel_nbody)
	m.NJoint, m.NGeom, m.NSite, m.NCamera = n(oModel_njnt), n(oModel_ngeom), n(oModel_nsite), n(oModel_ncam)
	m.NLight, m.NEquality, m.NMaterial = n(oModel_nlight), n(oModel_neq), n(oModel_nmat)
	m.NSensor, m.NMocap, m.sensorData = n(oModel_nsensor), n(oModel_nmocap), int64(n(oModel_nsensordata))

	f64 := func(offset ptr, rows, columns int) []float64 { return view[float64](m.p+offset, int64(rows*columns)) }
	f32 := func(offset ptr, rows int) []float32 { return view[float32](m.p+offset, int64(rows*4)) }
	i32 := func(offset ptr, rows int) []int32 { return view[int32](m.p+offset, int64(rows)) }
	m.QPos0 = f64(oModel_qpos0, m.NQ, 1)
	m.BodyParent, m.BodyMocap = i32(oModel_body_parentid, m.NBody), i32(oModel_body_mocapid, m.NBody)
	m.BodyPos, m.BodyQuat, m.BodyMass = f64(oModel_body_pos, m.NBody, 3), f64(oModel_body_quat, m.NBody, 4), f64(oModel_body_mass, m.NBody, 1)
	m.JointType, m.JointQPos = i32(oModel_jnt_type, m.NJoint), i32(oModel_jnt_qposadr, m.NJoint)
	m.JointDOF, m.JointBody = i32(oModel_jnt_dofadr, m.NJoint), i32(oModel_jnt_bodyid, m.NJoint)
	m.JointRange, m.DOFBody = f64(oModel_jnt_range, m.NJoint, 2), i32(oModel_dof_bodyid, m.NV)
	m.GeomType, m.GeomBody, m.GeomMaterial = i32(oModel_geom_type, m.NGeom), i32(oModel_geom_bodyid, m.NGeom), i32(oModel_geom_matid, m.NGeom)
	m.GeomSize, m.GeomPos, m.GeomRGBA = f64(oModel_geom_size, m.NGeom, 3), f64(oModel_geom_pos, m.NGeom, 3), f32(oModel_geom_rgba, m.NGeom)
	m.SiteBody, m.SitePos, m.SiteRGBA = i32(oModel_site_bodyid, m.NSite), f64(oModel_site_pos, m.NSite, 3), f32(oModel_site_rgba, m.NSite)
	m.CameraPos, m.CameraQuat, m.CameraFOV = f64(oModel_cam_pos, m.NCamera, 3), f64(oModel_cam_quat, m.NCamera, 4), f64(oModel_cam_fovy, m.NCamera, 1)
	m.LightPos, m.MaterialRGBA = f64(oModel_light_pos, m.NLight, 3), f32(oModel_mat_rgba, m.NMaterial)
	m.EqType, m.EqData = i32(oModel_eq_type, m.NEquality), f64(oModel_eq_data, m.NEquality, 11)
	m.CtrlRange = f64(oModel_actuator_ctrlrange, m.NU, 2)
	m.SensorAddress, m.SensorDim = i32(oModel_sensor_adr, m.NSensor), i32(oModel_sensor_dim, m.NSensor)
}

// Close frees the model. Every Data made of it must be closed before.
func (m *Model) Close() {
	if m.p != 0 {
		m.lib.deleteModel(m.p)
	}
	*m = Model{Source: m.Source, lib: m.lib}
}

// Pointer is the mjModel, for package render; 0 after Close.
func (m *Model) Pointer() uintptr { return m.p }

// Library is the library that the model came from.
func (m *Model) Library() *Library { return m.lib }

// Timestep is the length of one physics step in seconds.
func (m *Model) Timestep() float64 {
	if m.p == 0 {
		return 0
	}
	return *at[float64](m.p + oModel_opt + oOption_timestep)
}

// SetOffscreen sets what MuJoCo's renderer makes of its offscreen buffer: pixels, samples a
// pixel (0 is one), and the side of the shadow map in pixels (0 is no shadows).
func (m *Model) SetOffscreen(width, height, samples, shadow int) error {
	if m.p == 0 {
		return errClosed
	}
	vis := m.p + oModel_vis
	*at[int32](vis + oVisual_global_offwidth) = int32(width)
	*at[int32](vis + oVisual_global_offheight) = int32(height)
	*at[int32](vis + oVisual_quality_offsamples) = int32(samples)
	*at[int32](vis + oVisual_quality_shadowsize) = int32(shadow)
	return nil
}

// ID finds an object by name.
func (m *Model) ID(kind Kind, name string) (int, error) {
	if m.p == 0 {
		return 0, errClosed
	}
	id := m.lib.nameToID(m.p, int32(kind), name)
	if id < 0 {
		return 0, fmt.Errorf("the scene %s has no %s named %q: add it, or ask for one of %s", m.Source, kind, name, m.some(kind))
	}
	return int(id), nil
}

// Name is the name of an object, or its kind and number where it has none.
func (m *Model) Name(kind Kind, id int) string {
	if m.p != 0 {
		if name := text(m.lib.idToName(m.p, int32(kind), int32(id))); name != "" {
			return name
		}
	}
	return fmt.Sprintf("%s %d", kind, id)
}

// some lists a few names of a kind for an error.
func (m *Model) some(kind Kind) string {
	n := map[Kind]int{Body: m.NBody, Joint: m.NJoint, Geom: m.NGeom, Site: m.NSite, Camera: m.NCamera,
		Light: m.NLight, Material: m.NMaterial, Equality: m.NEquality, Actuator: m.NU, Sensor: m.NSensor}[kind]
	var names []string
	for id := range n {
		if name := text(m.lib.idToName(m.p, int32(kind), int32(id))); name != "" {
			names = append(names, name)
		}
		if len(names) == 8 {
			break
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

var errClosed = errors.New("the MuJoCo model or simulation was closed before this call")
