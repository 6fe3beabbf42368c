package checkpoint

import (
	"fmt"
	"io"
	"math"
	"os"
)

// openBytes gives the whole file as bytes, mapped where the system can, else read. The
// returned function releases them; no view may be used after it.
func openBytes(path string) ([]byte, func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open the model file: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: cannot read its size: %w", path, err)
	}
	if !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is not a file; choose the model file itself", path)
	}
	size := st.Size()
	if size == 0 {
		return nil, nil, fmt.Errorf("%s is empty (0 bytes); download it again", path)
	}
	if size > math.MaxInt {
		return nil, nil, fmt.Errorf("%s has %d bytes, more than this machine can address", path, size)
	}
	if b, release, err := mapFile(f, int(size)); err == nil {
		return b, release, nil
	}
	// Some network and FUSE file systems refuse maps: then the file is read.
	b := make([]byte, size)
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, nil, fmt.Errorf("%s: cannot read all %d bytes: %w", path, size, err)
	}
	return b, func() error { return nil }, nil
}
