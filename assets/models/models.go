package models

import (
	"embed"
	"io/fs"
)

// BuiltIn is a model inside the program: a GGUF decoder and its vision encoder.
type BuiltIn struct {
	Name, Title, Licence, Note string
	// DecoderName and ProjectorName are the files' names in traces and errors.
	DecoderName, ProjectorName string
	Decoder, Projector         []byte
}

var (
	//go:embed llava-sprites/llava-sprites-q8_0.gguf
	spritesDecoder []byte
	//go:embed llava-sprites/mmproj-llava-sprites-q8_0.gguf
	spritesProjector []byte
	//go:embed llava-sprites-reglu/llava-sprites-reglu-q8_0.gguf
	regluDecoder []byte
	//go:embed llava-sprites-reglu/mmproj-llava-sprites-reglu-q8_0.gguf
	regluProjector []byte
)

const paintedWorld = "knows 60 nouns, 7 colours and 9 places on painted scenes; on photographs it is wrong with confidence"

// All lists the built-in models, the default first.
func All() []BuiltIn {
	return []BuiltIn{{
		Name: "llava-sprites-reglu", Title: "Sprites 5.7M ReGLU", Licence: "Apache-2.0",
		Note:        "ReLU in its gates, so that idle neurons are exactly 0; " + paintedWorld,
		DecoderName: "llava-sprites-reglu-q8_0.gguf", ProjectorName: "mmproj-llava-sprites-reglu-q8_0.gguf",
		Decoder: regluDecoder, Projector: regluProjector,
	}, {
		Name: "llava-sprites", Title: "Sprites 5.7M SwiGLU", Licence: "Apache-2.0",
		Note:        "SwiGLU, as real LLaVA models have it, and llama.cpp reads the file too; " + paintedWorld,
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

// Drawing is a model that draws, inside the program: a folder in diffusers' layout.
type Drawing struct {
	Name, Title, Licence, Note string
	Files                      fs.FS
}

//go:embed sprites-draw/model_index.json sprites-draw/*/*.json sprites-draw/*/*.gguf sprites-draw/*/*.txt
var drawFiles embed.FS

// Drawings lists the built-in models that draw, the default first.
func Drawings() []Drawing {
	files, err := fs.Sub(drawFiles, "sprites-draw")
	if err != nil {
		panic(err) // the path is a constant
	}
	return []Drawing{{
		Name: "sprites-draw", Title: "Sprites Draw 8.9M", Licence: "Apache-2.0",
		Note:  "draws up to three of 60 things in 7 colours, 64 × 64 pixels; it knows no other words",
		Files: files,
	}}
}

// Policy is a robot policy inside the program: a folder as package policy opens it.
type Policy struct {
	Name, Title, Licence, Note string
	Files                      fs.FS
}

//go:embed robot-*/config.json robot-*/dataset_statistics.json robot-*/tokenizer*.json robot-*/model.gguf robot-*/model.gguf.index.json robot-*/own.gguf
var policyFiles embed.FS

// whole is the policy of which the others have but what differs. In their folders shared.gguf is a
// link to its weights, which embed leaves out.
const whole, link = "robot-cogvla/model.gguf", "shared.gguf"

// linked is a policy's folder with that link in it.
type linked struct{ fs.FS }

func (l linked) Open(name string) (fs.File, error) {
	if name == link {
		return policyFiles.Open(whole)
	}
	return l.FS.Open(name)
}

// Policies lists the built-in robot policies, the default first.
func Policies() []Policy {
	out := []Policy{{Name: "robot-cogvla", Title: "CogVLA 3.7M", Licence: "Apache-2.0",
		Note: "aggregation vectors, and tokens that skip layers; trained on the simulated tasks of both suites alone"}, {
		Name: "robot-dense", Title: "OpenVLA-OFT 3.8M", Licence: "Apache-2.0",
		Note: "every patch in every layer: what CogVLA is compared with, out of the same training"}, {
		Name: "robot-stage1", Title: "CogVLA stage 1 3.5M", Licence: "Apache-2.0",
		Note: "aggregation vectors, and every token in every layer: CogVLA without its routing"}, {
		Name: "robot-autoregressive", Title: "OpenVLA 3.5M", Licence: "Apache-2.0",
		Note: "every patch in every layer, one action a call, number after number: how OpenVLA acts"}}
	for i, p := range out {
		files, err := fs.Sub(policyFiles, p.Name)
		if err != nil {
			panic(err) // the path is a constant
		}
		out[i].Files = linked{files}
	}
	return out
}
