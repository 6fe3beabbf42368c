package trace

// Spec names a method with the parameters that differ from its defaults.
type Spec struct {
	Name   string            `json:"name"`
	Params map[string]string `json:"params,omitempty"`
}

// Message is a turn of a conversation.
type Message struct {
	Role string `json:"role"` // system, user, assistant
	Text string `json:"text"`
}

// Sampling says how the next token is chosen.
type Sampling struct {
	// Temperature 0 is greedy.
	Temperature float64 `json:"temperature"`
	// TopP keeps the smallest set of tokens with this share of probability; 0 and 1 keep all.
	TopP float64 `json:"top_p,omitempty"`
	Seed uint64  `json:"seed"`
	// MaxTokens ends an answer that does not end itself.
	MaxTokens int `json:"max_tokens"`
}

// Request is everything that a run depends on.
type Request struct {
	// Model is the name of a built-in or installed model, or a path.
	Model string `json:"model"`
	// Projector is the path of the vision encoder (mmproj); empty means the one beside Model.
	Projector string `json:"projector,omitempty"`
	// Picture is a path, or empty when PictureData holds the file's bytes, or for text only.
	Picture     string `json:"picture,omitempty"`
	PictureName string `json:"picture_name,omitempty"`
	PictureData []byte `json:"picture_data,omitempty"`
	// Messages end with the question.
	Messages []Message `json:"messages"`
	// Methods act in this order; none means a dense run alone.
	Methods  []Spec   `json:"methods,omitempty"`
	Sampling Sampling `json:"sampling"`
	// Device is auto, cpu, vulkan:0, cuda:0 or ref.
	Device string `json:"device"`
	// Threads is 0 for the number of physical cores.
	Threads int `json:"threads,omitempty"`
}

// Question is the text of the last message.
func (r Request) Question() string {
	if len(r.Messages) == 0 {
		return ""
	}
	return r.Messages[len(r.Messages)-1].Text
}
