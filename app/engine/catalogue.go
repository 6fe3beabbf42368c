package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"winnow/app/policies"
	builtin "winnow/assets/models"
	"winnow/internal/checkpoint"
	"winnow/internal/models"
	"winnow/internal/trace"
	"winnow/vlm"
)

// resolve finds a model's files: built in, installed by name, or a path.
func resolve(name, projector string) (vlm.Files, error) {
	if b, ok := builtin.Find(name); ok {
		return openBuiltIn(b)
	}
	if !isPath(name) {
		path, err := models.Path(name)
		if err == nil {
			return vlm.OpenFiles(path, projector)
		}
		if known(name) {
			return vlm.Files{}, err
		}
		return vlm.Files{}, fmt.Errorf("there is no model %q; `winnow models` lists the names, or give the path of a .gguf file", name)
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		if _, err := os.Stat(filepath.Join(name, "config.json")); err == nil {
			return vlm.Files{}, fmt.Errorf("%s is a Hugging Face folder; convert it with `go run ./assets/convert %s OUT_DIR` and open the .gguf", name, name)
		}
		return vlm.Files{}, fmt.Errorf("%s is a folder; give the .gguf file in it", name)
	} else if errors.Is(err, fs.ErrNotExist) {
		return vlm.Files{}, fmt.Errorf("there is no file %s; check the path", name)
	}
	return vlm.OpenFiles(name, projector)
}

func openBuiltIn(b builtin.BuiltIn) (f vlm.Files, err error) {
	if f.Decoder, err = checkpoint.OpenBytes(b.DecoderName, b.Decoder); err != nil {
		return f, err
	}
	f.Projector, err = checkpoint.OpenBytes(b.ProjectorName, b.Projector)
	return f, err
}

func isPath(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(strings.ToLower(name), ".gguf")
}

func known(name string) bool {
	list, err := models.List()
	if err != nil {
		return false
	}
	for _, m := range list {
		if m.Name == name {
			return true
		}
	}
	return false
}

// modelName is what a trace calls the model.
func modelName(name string) string {
	if b, ok := builtin.Find(name); ok {
		return b.Title
	}
	return strings.TrimSuffix(filepath.Base(name), ".gguf")
}

// Models implements Engine.
func (l *Local) Models(context.Context) ([]ModelEntry, error) {
	var out []ModelEntry
	for _, b := range builtin.All() {
		out = append(out, ModelEntry{Name: b.Name, Title: b.Title, Vision: true, Installed: true, BuiltIn: true,
			Bytes: int64(len(b.Decoder) + len(b.Projector)), Licence: b.Licence, Note: b.Note})
	}
	for _, b := range builtin.Drawings() {
		out = append(out, ModelEntry{Name: b.Name, Title: b.Title, Draws: true, Installed: true, BuiltIn: true,
			Bytes: bytesIn(b.Files), Licence: b.Licence, Note: b.Note})
	}
	for _, b := range policies.BuiltIns() {
		out = append(out, ModelEntry{Name: b.Name, Title: b.Title, Acts: true, Installed: true, BuiltIn: true,
			Bytes: bytesIn(b.Files), Licence: b.Licence, Note: b.Note})
	}
	out = append(out, ModelEntry{Name: trace.Expert, Title: expertTitle, Acts: true, Installed: true, BuiltIn: true,
		Note: "knows the simulator's whole state and needs no picture; no network"})
	list, err := models.List()
	for _, m := range list {
		e := ModelEntry{Name: m.Name, Title: m.Title, Installed: m.Installed, Bytes: m.Bytes, Licence: m.Licence, Note: "text only"}
		if !m.Installed {
			e.Install = "winnow models install " + m.Name
		}
		out = append(out, e)
	}
	return out, err
}

// bytesIn adds up the files of a model inside the program.
func bytesIn(files fs.FS) (n int64) {
	fs.WalkDir(files, ".", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// fileBytes is the picture's file, or nil when it is larger than limit.
func fileBytes(r trace.Request, limit int64) []byte {
	if len(r.PictureData) > 0 {
		if int64(len(r.PictureData)) > limit {
			return nil
		}
		return r.PictureData
	}
	if info, err := os.Stat(r.Picture); err != nil || info.Size() > limit {
		return nil
	}
	data, err := os.ReadFile(r.Picture)
	if err != nil {
		return nil
	}
	return data
}
