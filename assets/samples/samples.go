package samples

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed samples.json *.png
var files embed.FS

// Question is one that can be asked about a scene, with its true answer.
type Question struct {
	// Kind is exist, where, what, colour, count or relation.
	Kind     string `json:"kind"`
	Question string `json:"question"`
	Answer   string `json:"answer"`
}

// Scene is a picture with what is in it.
type Scene struct {
	// File is the name in this folder: 05-sheep.png.
	File      string     `json:"file"`
	Caption   string     `json:"caption"`
	Questions []Question `json:"questions"`
	// Data is the PNG file, SHA256 its hash in hexadecimal.
	Data   []byte `json:"-"`
	SHA256 string `json:"-"`
}

var load = sync.OnceValue(func() []Scene {
	text, err := files.ReadFile("samples.json")
	if err != nil {
		panic(err) // it is embedded
	}
	var list struct {
		Scenes []Scene `json:"scenes"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		panic(fmt.Sprintf("samples: samples.json: %v", err))
	}
	for i := range list.Scenes {
		s := &list.Scenes[i]
		if s.Data, err = files.ReadFile(s.File); err != nil {
			panic(fmt.Sprintf("samples: samples.json names %s: %v", s.File, err))
		}
		sum := sha256.Sum256(s.Data)
		s.SHA256 = hex.EncodeToString(sum[:])
	}
	return list.Scenes
})

// Scenes lists the scenes in their order. The slice and the data are shared: do not write to them.
func Scenes() []Scene { return load() }

// BySHA256 finds the scene whose file has this hash, or nil: it tells whether a picture is one of
// the scenes, wherever its file came from.
func BySHA256(sum string) *Scene {
	for i, s := range load() {
		if s.SHA256 == sum {
			return &load()[i]
		}
	}
	return nil
}
