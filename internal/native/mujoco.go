package native

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"winnow/internal/paths"
)

// MuJoCoKind is the user's word for the simulator and the scenes that come with it.
const MuJoCoKind = "mujoco"

// MuJoCoVersion is the one version that the bindings in robotics/sim/mujoco are written after.
const MuJoCoVersion = "3.10.0"

// The simulator is a member of a wheel that exists once a Python version and platform. The
// same library lies in all of them, so one Python version is named to pip, whatever the
// user's own is.
var simulators = []Package{
	wheelOf("linux", "amd64", "manylinux_2_28_x86_64", 20789312,
		"5489e18a8dd09da2dd71d28563e17889a2e5a0ad07943ebcaa1446d6c4d4e1dd"),
	wheelOf("linux", "arm64", "manylinux_2_28_aarch64", 19654107,
		"c0eff9fb64c39c21f5e29f39996c152ed9a2a5c783818b524c77abf41f6e5751"),
	wheelOf("darwin", "arm64", "macosx_11_0_arm64", 19348907,
		"0b812e0e36e8b2dde8ce4ad9b25e189b658b9c94f5e798aa64783261abb88321"),
	wheelOf("darwin", "amd64", "macosx_10_16_x86_64", 7758349,
		"62b7e9faf714f1582e1dd923ba3ea769a939cc572f6d77909752cbb31db5409f"),
	wheelOf("windows", "amd64", "win_amd64", 17757305,
		"45a27a8982e6f89f09e87e4578a5d3e7c9b5667f3db07052e518993b78c9b3ea"),
}

// metaworld holds the scenes, meshes and textures of the Meta-World tasks; they are the same
// on every platform.
var metaworld = Package{Kind: "metaworld", Client: "pip", Name: "metaworld", Version: "3.1.1",
	Integrity: "sha256:99e25d9baf97f2f1a19ca89c0d2ca9c6a2b396d9a9be81729de64eedc683f0d3", Size: 36660415}

func wheelOf(goos, arch, platform string, size int64, sha256 string) Package {
	return Package{Kind: MuJoCoKind, OS: goos, Arch: arch, Client: "pip", Name: "mujoco", Version: MuJoCoVersion,
		Integrity: "sha256:" + sha256, Size: size,
		Wheel: []string{"--python-version", "311", "--implementation", "cp", "--abi", "cp311", "--platform", platform}}
}

// MuJoCo is what the simulator needs, found on this machine.
type MuJoCo struct {
	// Library is the path of libmujoco.
	Library string
	// Version is 3.10.0 where the library was installed by Winnow, "" elsewhere.
	Version string
	// Source is WINNOW_NATIVE, cache or system.
	Source string
	// Assets is the folder with Meta-World's scenes (it holds sawyer_xyz); "" where absent.
	Assets string
	// Bytes is the size of the library and, where they are, of the assets.
	Bytes int64
}

// FindMuJoCo looks for libmujoco and for Meta-World's scenes: in WINNOW_NATIVE, in the
// cache, then (the library only) where the system keeps libraries. It reads headers only.
//
// The error is one sentence that says what is missing or wrong and how to mend it.
func FindMuJoCo() (MuJoCo, error) {
	f, err := newFinder()
	if err != nil {
		return MuJoCo{}, err
	}
	return f.findMuJoCo()
}

func (f finder) findMuJoCo() (MuJoCo, error) {
	var found MuJoCo
	found.Assets, found.Bytes = f.assets()
	name := simulatorName(f.host)
	cache := filepath.Join(f.cache, MuJoCoKind+"-"+MuJoCoVersion)
	places := []struct{ dir, source, mend string }{
		{f.env, SourceEnv, "unset WINNOW_NATIVE, or put a sound " + name + " there"},
		{cache, SourceCache, "run `winnow native install mujoco` to replace it"},
	}
	for _, dir := range f.system {
		places = append(places, struct{ dir, source, mend string }{dir, SourceSystem, "run `winnow native install mujoco` to have one of Winnow's own"})
	}
	for _, p := range places {
		file := filepath.Join(p.dir, name)
		info, err := os.Stat(file)
		if p.dir == "" || p.source == SourceCache && f.cache == "" || err != nil {
			continue
		}
		if err := checkLibrary(file, f.host); err != nil {
			return MuJoCo{}, fmt.Errorf("%w: %s", err, p.mend)
		}
		if p.source == SourceCache {
			if err := checkReceipt(p.dir); err != nil {
				return MuJoCo{}, fmt.Errorf("%w: %s", err, p.mend)
			}
			found.Version = MuJoCoVersion
		}
		found.Library, found.Source = file, p.source
		found.Bytes += info.Size()
		return found, nil
	}
	return found, ErrNoMuJoCo
}

// ErrNoMuJoCo is the error of FindMuJoCo where nothing is installed, as opposed to something
// damaged.
var ErrNoMuJoCo = errors.New("the simulator MuJoCo is not installed: run `winnow native install mujoco` (recorded episodes play without it)")

// assets returns the folder with Meta-World's scenes and its size, or "".
func (f finder) assets() (string, int64) {
	var places []string
	if f.env != "" {
		places = append(places, f.env)
	}
	if f.cache != "" {
		places = append(places, filepath.Join(f.cache, metaworld.dir()))
	}
	for _, dir := range places {
		if _, err := os.Stat(filepath.Join(dir, "assets", "sawyer_xyz")); err == nil && checkReceipt(dir) == nil {
			return filepath.Join(dir, "assets"), bytesIn(filepath.Join(dir, "assets"))
		}
	}
	return "", 0
}

// simulatorName is the file name of the library inside the wheel; the soname of Linux and
// macOS ends in the version.
func simulatorName(h host) string {
	switch h.os {
	case "windows":
		return "mujoco.dll"
	case "darwin":
		return "libmujoco." + MuJoCoVersion + ".dylib"
	}
	return "libmujoco.so." + MuJoCoVersion
}

// HasMuJoCo tells whether the simulator is pinned for this platform.
func HasMuJoCo() bool {
	_, err := simulator(thisHost())
	return err == nil
}

func simulator(h host) (Package, error) {
	for _, p := range simulators {
		if p.OS == h.os && p.Arch == h.arch {
			return p, nil
		}
	}
	return Package{}, fmt.Errorf("MuJoCo %s was not published for %s/%s: put a %s of your own into a directory and set WINNOW_NATIVE to it", MuJoCoVersion, h.os, h.arch, simulatorName(h))
}

// installMuJoCo brings the simulator, then the scenes. What is there and sound stays.
func installMuJoCo(ctx context.Context, progress Progress) error {
	cache, err := paths.Native()
	if err != nil {
		return err
	}
	in := installer{cache: cache, host: thisHost()}
	lib, err := simulator(in.host)
	if err != nil {
		return err
	}
	return in.installSimulator(ctx, lib, metaworld, progress)
}

func (in installer) installSimulator(ctx context.Context, lib, scenes Package, progress Progress) error {
	if progress == nil {
		progress = func(int64, int64, string) {}
	}
	name := simulatorName(in.host)
	err := in.installWheel(ctx, lib, progress, name, func(member string) string {
		switch {
		case member == "mujoco/"+name, strings.Contains(member, ".dist-info/licenses/LICENSE"):
			return path.Base(member)
		}
		return ""
	})
	if err != nil {
		return err
	}
	return in.installWheel(ctx, scenes, progress, "assets", func(member string) string {
		switch {
		case strings.HasSuffix(member, "/"), strings.HasSuffix(member, ".py"):
			return ""
		case strings.HasPrefix(member, "metaworld/assets/"):
			return strings.TrimPrefix(member, "metaworld/")
		case strings.HasSuffix(member, ".dist-info/licenses/LICENSE"):
			return "LICENSE"
		}
		return ""
	})
}

// installWheel puts the chosen members of a wheel into a directory of the cache. Need is the
// file or folder without which the directory is of no use.
func (in installer) installWheel(ctx context.Context, p Package, progress Progress, need string, keep func(string) string) error {
	target := filepath.Join(in.cache, p.dir())
	ready := func() bool {
		_, err := os.Stat(filepath.Join(target, need))
		return err == nil && checkReceipt(target) == nil
	}
	if ready() {
		progress(p.Size, p.Size, fmt.Sprintf("%s %s is installed in %s", p.Name, p.Version, target))
		return nil
	}
	return withArchive(ctx, p, in.cache, progress, ready, func(archive, staging string) error {
		fresh := filepath.Join(staging, "unpacked")
		if err := os.RemoveAll(fresh); err != nil {
			return explain(err, staging)
		}
		if err := os.Mkdir(fresh, 0o755); err != nil {
			return explain(err, staging)
		}
		files, err := unpackWheel(ctx, archive, fresh, keep, progress)
		if err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(fresh, need)); err != nil {
			return fmt.Errorf("%s %s holds no %s: please report it", p.Name, p.Version, need)
		}
		if err := writeReceipt(fresh, p, files); err != nil {
			return explain(err, fresh)
		}
		return replaceDir(fresh, target)
	})
}
