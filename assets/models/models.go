package models

import _ "embed"

// BuiltIn is a model inside the program: a GGUF decoder and its vision encoder.
type BuiltIn struct {
	Name, Title, Licence, Note string
	// DecoderName and ProjectorName are the files' names in traces and errors.
	DecoderName, ProjectorName string
	Decoder, Projector         []byte
}

//go:embed llava-sprites/llava-sprites-q8_0.gguf
var spritesDecoder []byte

//go:embed llava-sprites/mmproj-llava-sprites-q8_0.gguf
var spritesProjector []byte

// All lists the built-in models, the default first.
func All() []BuiltIn {
	return []BuiltIn{{
		Name: "llava-sprites", Title: "Sprites 5.7M", Licence: "Apache-2.0",
		Note:        "knows 60 nouns, 7 colours and 9 places on painted scenes; on photographs it is wrong with confidence",
		DecoderName: "llava-sprites-q8_0.gguf", ProjectorName: "mmproj-llava-sprites-q8_0.gguf",
		Decoder: spritesDecoder, Projector: spritesProjector,
	}}
}

// Find returns a built-in model by name; the empty name is the default.
func Find(name string) (BuiltIn, bool) {
	for _, m := range All() {
		if name == "" || m.Name == name {
			return m, true
		}
	}
	return BuiltIn{}, false
}
