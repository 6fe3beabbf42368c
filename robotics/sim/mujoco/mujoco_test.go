package mujoco

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/internal/native"
)

func library(t testing.TB) *Library {
	t.Helper()
	l, err := Load()
	if err != nil {
		if _, missing := native.FindMuJoCo(); missing != nil {
			t.Skip(missing)
		}
		t.Fatal(err)
	}
	return l
}

// A library that is not there, and one that is no MuJoCo, are sentences.
func TestWithoutTheLibrary(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("WINNOW_NATIVE", "")
	if _, err := native.FindMuJoCo(); err == nil || !strings.Contains(err.Error(), "run `winnow native install mujoco` (recorded episodes play without it)") {
		t.Errorf("got %v", err)
	}
	if _, err := load(native.MuJoCo{Library: filepath.Join(t.TempDir(), "libmujoco.so.3.10.0")}); err == nil || !strings.Contains(err.Error(), "cannot be loaded") {
		t.Errorf("got %v", err)
	}
}

// The offsets hold for the installed library, and the check sees an offset that is wrong.
func TestVerifyReadsEveryField(t *testing.T) {
	l := library(t)
	if err := l.verify(); err != nil {
		t.Fatal(err)
	}
	m, err := l.ParseXML("other.xml", strings.Replace(probe, `range="-50 60"`, `range="-50 61"`, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := &comparison{}
	if c.model(m); c.err == nil || !strings.Contains(c.err.Error(), "jnt_range") {
		t.Errorf("got %v", c.err)
	}
}

func TestBrokenScenesAreSentences(t *testing.T) {
	l := library(t)
	for name, c := range map[string]struct{ xml, want string }{
		"not XML":         {"<mujoco><worldbody>", "scene.xml cannot be loaded: "},
		"unknown element": {"<mujoco>\n<worldbody>\n<goem size='1'/>\n</worldbody></mujoco>", "line 3, element <goem>: "},
		"bad number":      {"<mujoco><worldbody><geom size='x'/></worldbody></mujoco>", "element <geom>"},
		"no mesh file":    {"<mujoco><asset><mesh name='m' file='none.stl'/></asset></mujoco>", "none.stl"},
		"massless":        {"<mujoco><worldbody><body name='b'><freejoint/></body></worldbody></mujoco>", "mass"},
		"empty":           {"", "is empty"},
	} {
		m, err := l.ParseXML("scene.xml", c.xml, nil)
		if err == nil {
			m.Close()
			t.Errorf("%s: no error", name)
		} else if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %q", name, err)
		}
	}
	if _, err := l.LoadXML(filepath.Join(t.TempDir(), "absent.xml")); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("absent: %v", err)
	}
	if m, err := l.ParseXML("scene.xml", probe, nil); err != nil {
		t.Error(err)
	} else {
		if _, err := m.ID(Body, "bell"); err == nil || !strings.Contains(err.Error(), `no body named "bell": add it, or ask for one of world, hand, ball, arm`) {
			t.Errorf("got %v", err)
		}
		m.Close()
		if _, err := m.ID(Body, "ball"); err != errClosed {
			t.Errorf("after Close: %v", err)
		}
	}
}

func TestFilesAndIncludes(t *testing.T) {
	l := library(t)
	m, err := l.ParseXML("scene.xml", `<mujoco><include file="part.xml"/></mujoco>`, map[string][]byte{
		"part.xml": []byte(`<mujoco><worldbody><body name="inside"><geom size=".1"/></body></worldbody></mujoco>`)})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if id, err := m.ID(Body, "inside"); err != nil || id != 1 {
		t.Errorf("got %d, %v", id, err)
	}
	path := filepath.Join(t.TempDir(), "file.xml")
	if err := os.WriteFile(path, []byte(probe), 0o644); err != nil {
		t.Fatal(err)
	}
	fromFile, err := l.LoadXML(path)
	if err != nil {
		t.Fatal(err)
	}
	fromFile.Close()
}

func TestBlowUpNamesTheBody(t *testing.T) {
	l := library(t)
	m, err := l.ParseXML("wild.xml", probe, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	d, err := m.NewData()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for name, c := range map[string]struct {
		spoil func()
		want  string
	}{
		"force":    {func() { d.QForce[6] = 1e30 }, `at body "arm", whose acceleration ran away`},
		"position": {func() { d.QPos[7] = 1e20 }, `at body "arm", whose position ran away`},
		"velocity": {func() { d.QVel[2] = 1e20 }, `at body "ball", whose velocity ran away`},
	} {
		if err := d.Reset(); err != nil {
			t.Fatal(err)
		}
		c.spoil()
		err := d.Step(3)
		if err == nil || !strings.Contains(err.Error(), "wild.xml") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
		// The same simulation goes on after a reset.
		if err := d.Reset(); err != nil {
			t.Fatal(err)
		}
		if err := d.Step(3); err != nil || !d.Finite() {
			t.Errorf("%s: after the reset %v", name, err)
		}
	}
	if _, err := os.Stat("MUJOCO_LOG.TXT"); err == nil {
		os.Remove("MUJOCO_LOG.TXT")
		t.Error("MuJoCo wrote its log into the current folder")
	}
	if said := TakeWarnings(); len(said) == 0 || !strings.Contains(said[0], "Nan, Inf or huge value") {
		t.Errorf("the warnings are %q", said)
	}
}

// MuJoCo's own error function must not return and would end the process.
func TestErrorsOfTheLibraryDoNotEndTheProcess(t *testing.T) {
	l := library(t)
	for i := range 100 {
		err := Guard("being tried", func() { l.raise("gone\nwrong. ") })
		if err == nil || err.Error() != "MuJoCo gave up while being tried: gone wrong" {
			t.Fatalf("time %d: got %v", i, err)
		}
	}
	// A real one: the stack is too small for a step. How small depends on the compiler's own
	// use of it, so the first size that loads is taken.
	var m *Model
	for size := 512; m == nil && size < 1<<16; size += 64 {
		m, _ = l.ParseXML("tiny.xml", strings.Replace(probe, "<worldbody>", fmt.Sprintf(`<size memory="%d"/><worldbody>`, size), 1), nil)
	}
	if m == nil {
		t.Fatal("no size loads")
	}
	defer m.Close()
	d, err := m.NewData()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Step(10)
	if err == nil || !strings.Contains(err.Error(), "MuJoCo gave up while simulating tiny.xml: mj_stackAlloc") {
		t.Fatalf("got %v", err)
	}
	if again := d.Step(1); again == nil || !strings.Contains(again.Error(), "begin again with a new simulation") {
		t.Errorf("the second step says %v", again)
	}
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("a panic of ours became %v", r)
		}
	}()
	_ = Guard("", func() { panic("mine") })
}

func TestSameStepsSameState(t *testing.T) {
	l := library(t)
	run := func() []float64 {
		m, err := l.ParseXML("probe.xml", probe, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		d, err := m.NewData()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		d.Ctrl[0] = .3
		if err := d.Step(500); err != nil {
			t.Fatal(err)
		}
		return append([]float64(nil), d.QPos...)
	}
	a, b := run(), run()
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("coordinate %d is %v, then %v", i, a[i], b[i])
		}
	}
}
