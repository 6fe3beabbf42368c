package bench

import (
	"os"
	"path/filepath"
	"strings"

	builtin "winnow/assets/models"
	"winnow/internal/checkpoint"
	"winnow/internal/models"
	"winnow/vlm"
)

// The models of `bench llm` and `bench vlm`: of the built-in ones libllama reads the SwiGLU one.
const (
	defaultLLM = "smollm2-135m"
	defaultVLM = "llava-sprites"
)

func resolve(o Options) (*source, error) {
	name := o.Model
	if name == "" {
		name = defaultVLM
		if o.Kind == LLM {
			name = defaultLLM
		}
	}
	if b, ok := builtin.Find(name); ok {
		dir, err := os.MkdirTemp("", "winnow-bench-")
		if err != nil {
			return nil, cannotCopy(err)
		}
		s := &source{name: b.Title, builtIn: true, path: filepath.Join(dir, b.DecoderName), temporary: dir}
		if err := os.WriteFile(s.path, b.Decoder, 0o600); err != nil {
			s.remove()
			return nil, cannotCopy(err)
		}
		return s, nil
	}
	path := name
	if !strings.ContainsAny(name, `/\`) && !strings.HasSuffix(strings.ToLower(name), ".gguf") {
		var err error
		if path, err = models.Path(name); err != nil {
			return nil, err
		}
	}
	return &source{name: baseName(path), path: path, projector: o.Projector}, nil
}

// open opens the files as the application does: what is built in is used in place.
func (s *source) open() (f vlm.Files, err error) {
	if !s.builtIn {
		return vlm.OpenFiles(s.path, s.projector)
	}
	for _, b := range builtin.All() {
		if b.Title != s.name {
			continue
		}
		if f.Decoder, err = checkpoint.OpenBytes(b.DecoderName, b.Decoder); err == nil {
			f.Projector, err = checkpoint.OpenBytes(b.ProjectorName, b.Projector)
		}
	}
	return f, err
}

// sourceJSON is a source for a child process.
type sourceJSON struct {
	Name      string `json:"name"`
	BuiltIn   bool   `json:"built_in"`
	Path      string `json:"path"`
	Projector string `json:"projector,omitempty"`
}

func (s *source) json() sourceJSON { return sourceJSON{s.name, s.builtIn, s.path, s.projector} }

func (s sourceJSON) source() *source {
	return &source{name: s.Name, builtIn: s.BuiltIn, path: s.Path, projector: s.Projector}
}
