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

// Stack is a list of methods that act together, in this order.
type Stack struct {
	// Label names it; empty: what its methods are called.
	Label   string `json:"label,omitempty"`
	Methods []Spec `json:"methods"`
}

// Forced is a visual token kept or taken out by hand.
type Forced struct {
	Row int `json:"row"`
	Col int `json:"col"`
	// Keep: no method may take it; otherwise it does not enter the first layer.
	Keep bool `json:"keep"`
}

// Sweep moves one parameter of one method of Request.Methods through values. For each, the dense
// answer is followed token by token and the two next-token distributions are compared.
type Sweep struct {
	// Method is an index in Request.Methods.
	Method int      `json:"method"`
	Param  string   `json:"param"`
	Values []string `json:"values"`
}

// MaxCompare is how many stacks one run compares beside the first.
const MaxCompare = 3

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
	Methods []Spec `json:"methods,omitempty"`
	// Compare are further stacks, each a side of its own: pruned2, pruned3 …; at most MaxCompare.
	Compare []Stack `json:"compare,omitempty"`
	// Label names the side of Methods in a comparison; empty: what the methods are called.
	Label string `json:"label,omitempty"`
	// Force lists the visual tokens that a person has decided on, on every pruned side.
	Force []Forced `json:"force,omitempty"`
	// Sweep asks for points of quality against cost instead of pruned answers.
	Sweep    *Sweep   `json:"sweep,omitempty"`
	Sampling Sampling `json:"sampling"`
	// Draw asks for a picture; the model is then a folder in diffusers' layout.
	Draw *Draw `json:"draw,omitempty"`
	// Act asks a robot to do something; the model is then a policy.
	Act *Act `json:"act,omitempty"`
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

// Stacks lists the stacks that a run compares with dense, Methods first; none for a dense run.
// Tokens forced by hand without any method are a stack without methods.
func (r Request) Stacks() []Stack {
	var out []Stack
	if len(r.Methods) > 0 {
		out = append(out, Stack{r.Label, r.Methods})
	}
	if out = append(out, r.Compare...); len(out) == 0 && len(r.Force) > 0 {
		out = []Stack{{Label: "by hand"}}
	}
	return out
}
