package native

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func wheelPackage(data []byte, kind, version string, more ...string) Package {
	sum := sha256.Sum256(data)
	return Package{Kind: kind, Client: "pip", Name: kind, Version: version, Size: int64(len(data)),
		Integrity: "sha256:" + hex.EncodeToString(sum[:]), Wheel: more}
}

// The two wheels arrive, the chosen members keep their folders, and FindMuJoCo sees both.
func TestInstallBringsTheSimulatorAndItsScenes(t *testing.T) {
	lib := wheel(t, []member{{name: "mujoco/libmujoco.so.3.10.0", data: goodELF()}, {name: "mujoco/__init__.py", data: []byte("pass")},
		{name: "mujoco-3.10.0.dist-info/licenses/LICENSE", data: []byte("Apache")}})
	scenes := wheel(t, []member{{name: "metaworld/assets/sawyer_xyz/door.xml", data: []byte("<mujoco/>")},
		{name: "metaworld/assets/objects/meshes/door.stl", data: []byte("mesh")}, {name: "metaworld/policies/policy.py", data: []byte("pass")}})
	files := t.TempDir()
	write(t, filepath.Join(files, "lib.whl"), lib)
	write(t, filepath.Join(files, "scenes.whl"), scenes)
	asked := filepath.Join(files, "asked")
	programs(t, map[string]string{"pip3": fmt.Sprintf(`
case "$*" in *--version*) exit 0;; esac
echo "$*" >> '%s'
while [ $# -gt 0 ]; do [ "$1" = --dest ] && dest=$2; case "$1" in mujoco==*) f=lib;; metaworld==*) f=scenes;; esac; shift; done
cp '%s'/$f.whl "$dest"/`, asked, files)})

	in := testInstaller(t)
	f := finder{host: linuxHost, cache: in.cache}
	if _, err := f.findMuJoCo(); err == nil || !strings.Contains(err.Error(), "run `winnow native install mujoco`") {
		t.Errorf("with nothing installed: %v", err)
	}
	install := func() error {
		return in.installSimulator(context.Background(), wheelPackage(lib, "mujoco", MuJoCoVersion, "--platform", "manylinux"),
			wheelPackage(scenes, "metaworld", metaworld.Version), nil)
	}
	for range 2 { // the second asks nobody
		if err := install(); err != nil {
			t.Fatal(err)
		}
	}
	calls, _ := os.ReadFile(asked)
	if lines := strings.Split(strings.TrimSpace(string(calls)), "\n"); len(lines) != 2 || !strings.HasSuffix(lines[0], "--platform manylinux") {
		t.Errorf("pip was asked %q", lines)
	}
	found, err := f.findMuJoCo()
	if err != nil || found.Version != MuJoCoVersion || found.Source != SourceCache {
		t.Fatalf("found %+v, %v", found, err)
	}
	if text, err := os.ReadFile(filepath.Join(found.Assets, "objects", "meshes", "door.stl")); string(text) != "mesh" {
		t.Errorf("the mesh holds %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(found.Assets, "policies")); err == nil {
		t.Error("Python code was unpacked")
	}
	// Damage is told, and mended by the next install.
	write(t, found.Library, goodELF()[:20])
	if _, err := f.findMuJoCo(); err == nil || !strings.Contains(err.Error(), "run `winnow native install mujoco` to replace it") {
		t.Errorf("damaged: %v", err)
	}
	if err := install(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.findMuJoCo(); err != nil {
		t.Errorf("after mending: %v", err)
	}
}

func TestUnpackedNamesStayBelowTheFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.whl")
	write(t, file, wheel(t, []member{{name: "a/x", data: []byte("x")}}))
	for _, name := range []string{"../x", "/x", "a/../../x", ".", "a//x", "a/./x"} {
		keep := func(string) string { return name }
		if _, err := unpackWheel(context.Background(), file, t.TempDir(), keep, func(int64, int64, string) {}); err == nil || !strings.Contains(err.Error(), "not unpacked") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}
