//go:build !unix && !windows

package checkpoint

import (
	"errors"
	"os"
)

// mapFile has no map on this system; readWhole then reads the file instead.
func mapFile(*os.File, int) ([]byte, func() error, error) {
	return nil, nil, errors.ErrUnsupported
}
