package native

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// client fetches archives; npm and pip are the two there are.
type client interface {
	// fetch leaves the archive of p in dir, which is empty, and returns its path. It ends
	// the program it runs, and that program's children, when ctx ends.
	fetch(ctx context.Context, p Package, dir string) (string, error)
}

var clients = map[string]client{"npm": npmClient{}, "pip": pipClient{}}

// withArchive calls use with the verified archive of p and with the staging directory that
// it lies in, a sibling of what is to be installed in parent, so that a rename out of it
// never copies. While use runs, no other process installs the same version of p there.
// Ready, asked once that is so, tells that another process has done the work meanwhile.
//
// Where use fails or ctx ends, the verified archive stays for the next try; otherwise the
// staging directory is removed.
func withArchive(ctx context.Context, p Package, parent string, progress Progress, ready func() bool, use func(archive, staging string) error) error {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return explain(err, parent)
	}
	staging := filepath.Join(parent, ".fetch-"+plain(p.Name)+"-"+p.Version)
	unlock, err := lock(ctx, staging+".lock", p, progress)
	if err != nil {
		return err
	}
	defer unlock()
	if ready() {
		return nil
	}

	download := filepath.Join(staging, "archive")
	archive := kept(download, p)
	if archive == "" {
		// Whatever an interrupted try left is either whole, which kept finds, or useless.
		if err := os.RemoveAll(staging); err != nil {
			return explain(err, staging)
		}
		if err := os.MkdirAll(download, 0o755); err != nil {
			return explain(err, staging)
		}
		if archive, err = fetch(ctx, p, download, progress); err != nil {
			os.RemoveAll(staging)
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return cancelled(p, err)
	}
	if err := use(archive, staging); err != nil {
		return err
	}
	return os.RemoveAll(staging)
}

// lock waits until no other process holds the file. The system drops the lock of a process
// that dies, so the file itself may stay.
func lock(ctx context.Context, file string, p Package, progress Progress) (func(), error) {
	l := flock.New(file)
	ok, err := l.TryLock()
	if err != nil {
		return nil, explain(err, filepath.Dir(file))
	}
	if !ok {
		progress(0, p.Size, fmt.Sprintf("waiting for another install of %s %s", p.Name, p.Version))
		if _, err := l.TryLockContext(ctx, 100*time.Millisecond); err != nil {
			if ctx.Err() != nil {
				return nil, cancelled(p, ctx.Err())
			}
			return nil, explain(err, filepath.Dir(file))
		}
	}
	return func() { _ = l.Unlock() }, nil
}

// kept returns the archive that an earlier try left in dir, if it is whole.
func kept(dir string, p Package) string {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		return ""
	}
	archive := filepath.Join(dir, entries[0].Name())
	if verify(archive, p) != nil {
		return ""
	}
	return archive
}

// fetch runs the package's client and checks what it brought. Neither client tells how far
// it is in a form that can be relied on, so progress follows the bytes that appear in dir.
func fetch(ctx context.Context, p Package, dir string, progress Progress) (string, error) {
	c, ok := clients[p.Client]
	if !ok {
		return "", fmt.Errorf("no package client is called %q", p.Client)
	}
	what := fmt.Sprintf("%s fetches %s %s", p.Client, p.Name, p.Version)
	progress(0, p.Size, what)
	type result struct {
		archive string
		err     error
	}
	finished := make(chan result, 1)
	go func() {
		archive, err := c.fetch(ctx, p, dir)
		finished <- result{archive, err}
	}()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case r := <-finished:
			if ctx.Err() != nil {
				return "", cancelled(p, ctx.Err())
			}
			if r.err != nil {
				return "", r.err
			}
			n := bytesIn(dir)
			progress(n, n, fmt.Sprintf("checking the hash of %s %s", p.Name, p.Version))
			return r.archive, verify(r.archive, p)
		case <-tick.C:
			n := bytesIn(dir)
			if p.Size > 0 {
				n = min(n, p.Size)
			}
			progress(n, p.Size, what)
		}
	}
}

func cancelled(p Package, err error) error {
	return fmt.Errorf("the install of %s %s was cancelled; nothing was changed: %w", p.Name, p.Version, err)
}

// bytesIn adds up the files below a directory that another program is writing in.
func bytesIn(dir string) (n int64) {
	_ = filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}

// verify compares a file with the integrity of its package.
func verify(file string, p Package) error {
	var h hash.Hash
	var want []byte
	var err error
	switch {
	case strings.HasPrefix(p.Integrity, "sha512-"):
		h = sha512.New()
		want, err = base64.StdEncoding.DecodeString(p.Integrity[len("sha512-"):])
	case strings.HasPrefix(p.Integrity, "sha256:"):
		h = sha256.New()
		want, err = hex.DecodeString(p.Integrity[len("sha256:"):])
	default:
		err = errors.New("it begins with neither sha512- nor sha256: as it must")
	}
	if err == nil && len(want) != h.Size() {
		err = fmt.Errorf("it has %d bytes, not %d", len(want), h.Size())
	}
	if err != nil {
		return fmt.Errorf("the hash pinned for %s %s is not one (%w)", p.Name, p.Version, err)
	}
	f, err := os.Open(file)
	if err != nil {
		return explain(err, file)
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return explain(err, file)
	}
	if got := h.Sum(nil); string(got) != string(want) {
		return fmt.Errorf("%s %s as fetched is not the package that Winnow pins (its hash is %x, not %x): nothing was installed; try again, and if it stays so, ask whoever runs the registry or mirror that %s uses",
			p.Name, p.Version, got[:8], want[:8], p.Client)
	}
	return nil
}

// plain turns a registry's name into one that every file system takes.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.TrimPrefix(name, "@"))
}
