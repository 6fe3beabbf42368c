package paths

import (
	"fmt"
	"os"
	"path/filepath"
)

// Cache is the directory for things that can be fetched again. It may not exist yet.
func Cache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("this account has no cache directory (%w): set HOME or XDG_CACHE_HOME to a directory that can be written", err)
	}
	return filepath.Join(dir, "winnow"), nil
}

// Config is the directory for settings. It may not exist yet.
func Config() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("this account has no configuration directory (%w): set HOME or XDG_CONFIG_HOME to a directory that can be written", err)
	}
	return filepath.Join(dir, "winnow"), nil
}

// Native is the part of the cache that holds native libraries, one directory a package.
func Native() (string, error) { return below("native") }

// Models is the part of the cache that holds model files.
func Models() (string, error) { return below("models") }

func below(name string) (string, error) {
	dir, err := Cache()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}
