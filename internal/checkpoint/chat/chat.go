package chat

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"
)

// Message is one turn. Role is "system", "user" or "assistant".
type Message struct {
	Role  string
	Parts []Part
}

// Part is a stretch of text, or a picture: then Image is true and Text is unused.
type Part struct {
	Text  string
	Image bool
}

// Text makes a message of one text.
func Text(role, text string) Message { return Message{role, []Part{{Text: text}}} }

// User makes a user's message with pictures before the text.
func User(text string, images int) Message {
	m := Message{Role: "user"}
	for range images {
		m.Parts = append(m.Parts, Part{Image: true})
	}
	m.Parts = append(m.Parts, Part{Text: text})
	return m
}

// ImageMark stands for a picture in the output of templates that know text only, as LLaVA
// writes it.
const ImageMark = "<image>\n"

// Render runs the Jinja template over the messages. addGenerationPrompt ends the text where
// the model's answer begins. bos and eos are the spellings of these tokens. A template that
// is wrong, refuses the messages or works too long gives an error.
func Render(tmpl string, messages []Message, addGenerationPrompt bool, bos, eos string) (string, error) {
	if strings.TrimSpace(tmpl) == "" {
		return "", errors.New("the model has no chat template; use the plain prompt, or ChatML for models trained on it")
	}
	p, err := compile(tmpl)
	if err != nil {
		return "", err
	}
	values := func(content []any, roles []Message) map[string]any {
		list := make([]any, len(roles))
		for i, m := range roles {
			list[i] = map[string]any{"role": m.Role, "content": content[i]}
		}
		return map[string]any{
			"messages": list, "add_generation_prompt": addGenerationPrompt,
			"bos_token": bos, "eos_token": eos, "tools": nil, "documents": nil,
		}
	}
	// Which kinds of content does the template understand?
	const mark = "qzProbeqz"
	probe := []Message{Text("user", mark)}
	works := func(content any) bool {
		out, err := p.run(values([]any{content}, probe))
		// A list printed as a text shows its keys.
		return err == nil && strings.Contains(out, mark) && !strings.Contains(out, "'text'") && !strings.Contains(out, `"text"`)
	}
	asText := works(mark)
	if p.g.over {
		_, err := p.run(values([]any{mark}, probe))
		return "", err
	}
	asList := works(list(probe[0]))
	content := make([]any, len(messages))
	for i, m := range messages {
		if asList && (!asText || hasImage(m)) {
			content[i] = list(m)
		} else {
			content[i] = flat(m)
		}
	}
	out, err := p.run(values(content, messages))
	if err != nil {
		return "", err
	}
	return out, nil
}

func hasImage(m Message) bool {
	for _, p := range m.Parts {
		if p.Image {
			return true
		}
	}
	return false
}

// list writes the parts as Hugging Face processors do.
func list(m Message) []any {
	var parts []any
	for _, p := range m.Parts {
		if p.Image {
			parts = append(parts, map[string]any{"type": "image"})
		} else {
			parts = append(parts, map[string]any{"type": "text", "text": p.Text})
		}
	}
	return parts
}

func flat(m Message) string {
	var b strings.Builder
	for _, p := range m.Parts {
		if p.Image {
			b.WriteString(ImageMark)
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

// ChatML writes the messages in the form that Qwen and SmolLM use, for files of such models
// that lost their template.
func ChatML(messages []Message, addGenerationPrompt bool) string {
	var b strings.Builder
	for _, m := range messages {
		fmt.Fprintf(&b, "<|im_start|>%s\n%s<|im_end|>\n", m.Role, flat(m))
	}
	if addGenerationPrompt {
		b.WriteString("<|im_start|>assistant\n")
	}
	return b.String()
}

// program is a compiled template.
type program struct {
	t *exec.Template
	g *guard
}
