package native

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"winnow/internal/paths"
)

// Progress is told how many of total bytes are done, and what is being done to what. A
// total of 0 means that it is unknown. It is called from one goroutine at a time.
type Progress func(done, total int64, what string)

// Install fetches the pinned libraries of a kind ("cpu", "vulkan", "cuda", "metal"; "" or
// "auto" for the plainest of this platform) into the cache with the user's npm, or the
// simulator and its scenes ("mujoco") with the user's pip. It returns at once where they are installed and sound, replaces them where they are damaged, waits
// for another install of the same kind, and stops the client when ctx ends. Progress may be nil.
//
// The error is one sentence that says what is missing or wrong and what to do.
func Install(ctx context.Context, kind string, progress Progress) error {
	if kind == MuJoCoKind {
		return installMuJoCo(ctx, progress)
	}
	p, err := choose(table, thisHost(), kind)
	if err != nil {
		return err
	}
	cache, err := paths.Native()
	if err != nil {
		return err
	}
	return installer{cache: cache, host: thisHost()}.install(ctx, p, progress)
}

type installer struct {
	cache string
	host  host
}

func (in installer) install(ctx context.Context, p Package, progress Progress) error {
	if progress == nil {
		progress = func(int64, int64, string) {}
	}
	target := filepath.Join(in.cache, p.dir())
	check := finder{host: in.host, cache: in.cache}
	if libs, err := check.fromCache(p); err == nil {
		progress(libs.Bytes, libs.Bytes, fmt.Sprintf("%s %s is installed in %s", p.Name, p.Version, target))
		return nil
	}
	ready := func() bool {
		_, err := check.fromCache(p)
		return err == nil
	}
	return withArchive(ctx, p, in.cache, progress, ready, func(archive, staging string) error {
		fresh := filepath.Join(staging, "unpacked")
		if err := os.RemoveAll(fresh); err != nil {
			return explain(err, staging)
		}
		if err := os.Mkdir(fresh, 0o755); err != nil {
			return explain(err, staging)
		}
		files, err := unpackTarball(ctx, archive, fresh, wanted, progress)
		if err != nil {
			return err
		}
		if err := writeReceipt(fresh, p, files); err != nil {
			return explain(err, fresh)
		}
		// The hash was right, so a fault here means that the table is wrong for this host.
		if _, err := check.inspect(fresh, true); err != nil {
			return fmt.Errorf("%s %s holds no libraries that fit this machine (%w): please report it", p.Name, p.Version, err)
		}
		return replaceDir(fresh, target)
	})
}

// wanted says under which name a member of a node-llama-cpp package is kept; "" drops it.
// The node add-on, its build notes and its import library are of no use here.
func wanted(member string) string {
	base := path.Base(member)
	switch {
	case member == "package/LICENSE":
		return base
	case path.Dir(path.Dir(member)) != "package/bins":
		return ""
	case strings.HasSuffix(base, ".so"), strings.HasSuffix(base, ".dylib"), strings.HasSuffix(base, ".dll"):
		return base
	}
	return ""
}

func writeReceipt(dir string, p Package, files map[string]int64) error {
	text, err := json.MarshalIndent(receipt{p.Name, p.Version, p.Integrity, files}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, receiptName), append(text, '\n'), 0o644)
}

// replaceDir puts fresh in the place of target. A directory cannot be renamed over a full
// one, so an old one steps aside first; a process that has its libraries loaded keeps them.
func replaceDir(fresh, target string) error {
	old := fresh + ".old"
	if err := os.RemoveAll(old); err != nil {
		return explain(err, old)
	}
	if err := os.Rename(target, old); err != nil && !os.IsNotExist(err) {
		return explain(err, target)
	}
	if err := os.Rename(fresh, target); err != nil {
		return explain(err, target)
	}
	return nil
}
