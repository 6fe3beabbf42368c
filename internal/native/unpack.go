package native

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Limits on what an archive may unpack to. The largest library known is 159 MB.
const (
	maxMember  = 1 << 30
	maxTotal   = 2 << 30
	maxMembers = 10_000
)

// create makes the file that a member is written to; a test fills the disk through it.
var create = func(name string) (io.WriteCloser, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// unpackTarball writes the chosen members of a gzipped tar file into dir and returns their
// sizes in bytes by name. Keep maps a member's path to a name below dir, slashes between
// its folders, or to "" to leave it out. A member whose path leaves the archive, or that is chosen and no
// plain file, spoils the whole archive: an honest package has none.
func unpackTarball(ctx context.Context, archive, dir string, keep func(member string) string, progress Progress) (map[string]int64, error) {
	f, err := os.Open(archive)
	if err != nil {
		return nil, explain(err, archive)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, explain(err, archive)
	}
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s is not a gzipped archive (%w): remove it and try again", archive, err)
	}
	u := unpacker{ctx: ctx, archive: archive, dir: dir, files: map[string]int64{}}
	members := tar.NewReader(zipped)
	for n := 0; ; n++ {
		head, err := members.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s is damaged (%w): remove it and try again", archive, err)
		}
		if n >= maxMembers {
			return nil, fmt.Errorf("%s has more than %d members, which no package of libraries has: it is not unpacked", archive, maxMembers)
		}
		if err := safe(archive, head.Name); err != nil {
			return nil, err
		}
		name := keep(head.Name)
		if name == "" {
			continue
		}
		if head.Typeflag != tar.TypeReg {
			return nil, fmt.Errorf("%s has a link or a device named %q: it is not unpacked", archive, head.Name)
		}
		if err := u.write(name, members, head.Size); err != nil {
			return nil, err
		}
		if at, err := f.Seek(0, io.SeekCurrent); err == nil {
			progress(at, info.Size(), "unpacking "+name)
		}
	}
	if len(u.files) == 0 {
		return nil, fmt.Errorf("%s holds none of the files that were looked for: it is not the package that was meant", archive)
	}
	return u.files, nil
}

// unpackWheel is unpackTarball for a zip file.
func unpackWheel(ctx context.Context, archive, dir string, keep func(member string) string, progress Progress) (map[string]int64, error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return nil, fmt.Errorf("%s is not a wheel, or is damaged (%w): remove it and try again", archive, err)
	}
	defer z.Close()
	if len(z.File) > maxMembers {
		return nil, fmt.Errorf("%s has more than %d members: it is not unpacked", archive, maxMembers)
	}
	u := unpacker{ctx: ctx, archive: archive, dir: dir, files: map[string]int64{}}
	var chosen []*zip.File
	var total int64
	for _, m := range z.File {
		if err := safe(archive, m.Name); err != nil {
			return nil, err
		}
		if keep(m.Name) == "" {
			continue
		}
		if !m.Mode().IsRegular() {
			return nil, fmt.Errorf("%s has a link or a device named %q: it is not unpacked", archive, m.Name)
		}
		if m.UncompressedSize64 > maxMember {
			return nil, u.tooLarge(m.Name)
		}
		total += int64(m.UncompressedSize64)
		chosen = append(chosen, m)
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("%s holds none of the files that were looked for: it is not the package that was meant", archive)
	}
	for _, m := range chosen {
		name := keep(m.Name)
		r, err := m.Open()
		if err != nil {
			return nil, fmt.Errorf("%s is damaged (%w): remove it and try again", archive, err)
		}
		u.watch = func(done int64) { progress(done, total, "unpacking "+name) }
		err = u.write(name, r, int64(m.UncompressedSize64))
		r.Close()
		if err != nil {
			return nil, err
		}
	}
	return u.files, nil
}

// safe refuses a member's path that is absolute, climbs, or is written for another system.
func safe(archive, member string) error {
	clean := path.Clean(member)
	if member == "" || path.IsAbs(member) || clean == ".." || strings.HasPrefix(clean, "../") ||
		strings.Contains("/"+member+"/", "/../") || strings.ContainsAny(member, "\\:\x00") {
		return fmt.Errorf("%s has a member named %q, which would be written elsewhere: it is not unpacked", archive, member)
	}
	return nil
}

// unpacker counts what it has written against the limits.
type unpacker struct {
	ctx     context.Context
	archive string
	dir     string
	files   map[string]int64
	total   int64
	watch   func(done int64) // told the bytes written so far; may be nil
}

func (u *unpacker) tooLarge(name string) error {
	return fmt.Errorf("%s has a member %q that is larger than any library or model in a package: it is not unpacked", u.archive, name)
}

// write copies size bytes of r to a new file. Sizes come from the archive's own headers,
// which may lie: less data is damage, and more is never read.
func (u *unpacker) write(name string, r io.Reader, size int64) error {
	if path.Clean(name) != name || name == "." || !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("a member of %s would be written to %q: it is not unpacked", u.archive, name)
	}
	if _, twice := u.files[name]; twice {
		return fmt.Errorf("%s has two members for %q: it is not unpacked", u.archive, name)
	}
	if size > maxMember || u.total+size > maxTotal {
		return u.tooLarge(name)
	}
	target := filepath.Join(u.dir, filepath.FromSlash(name))
	if strings.Contains(name, "/") {
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return explain(err, u.dir)
		}
	}
	w, err := create(target)
	if err != nil {
		return explain(err, u.dir)
	}
	defer w.Close()
	source := &reader{u: u, r: io.LimitReader(r, size)}
	n, err := io.CopyBuffer(w, source, make([]byte, 1<<20))
	switch {
	case u.ctx.Err() != nil:
		return fmt.Errorf("unpacking %s was cancelled; nothing was changed: %w", filepath.Base(u.archive), u.ctx.Err())
	case source.err != nil:
		return fmt.Errorf("%s is damaged (%w): remove it and try again", u.archive, source.err)
	case err != nil:
		return explain(err, u.dir)
	case n != size:
		return fmt.Errorf("%s is damaged: %q has %d of %d bytes; remove it and try again", u.archive, name, n, size)
	}
	// Some file systems say only now that the disk is full.
	if err := w.Close(); err != nil {
		return explain(err, u.dir)
	}
	u.files[name] = n
	return nil
}

// reader remembers that it was the archive that failed and not the disk, tells how far it
// is, and ends when the context does.
type reader struct {
	u   *unpacker
	r   io.Reader
	err error
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.u.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.u.total += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	if r.u.watch != nil {
		r.u.watch(r.u.total)
	}
	return n, err
}
