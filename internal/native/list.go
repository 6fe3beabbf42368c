package native

import (
	"errors"
	"path/filepath"
)

// List tells of every set that Find could return, the sound and the damaged: first that of
// WINNOW_NATIVE, then the cache's, then the system's.
func List() ([]Found, error) {
	f, err := newFinder()
	if err != nil {
		return nil, err
	}
	return f.list(), nil
}

// Found is one set of libraries on this machine.
type Found struct {
	Libs
	// Err says what is wrong with it and how to mend it; nil where it is sound.
	Err error
}

func (f finder) list() []Found {
	var out []Found
	if f.env != "" {
		libs, err := f.fromEnv(preference)
		if err != nil {
			libs = Libs{Dir: f.env, Source: SourceEnv}
		}
		out = append(out, Found{libs, err})
	}
	for _, p := range available(f.table, f.host) {
		libs, err := f.fromCache(p)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			libs = Libs{Dir: filepath.Join(f.cache, p.dir()), Kind: p.Kind, Version: p.Version, Source: SourceCache}
		}
		out = append(out, Found{libs, err})
	}
	for _, dir := range f.system {
		libs, err := f.inspect(dir, false)
		if errors.Is(err, errAbsent) {
			continue
		}
		libs.Dir, libs.Source = dir, SourceSystem
		out = append(out, Found{libs, err})
	}
	return out
}
