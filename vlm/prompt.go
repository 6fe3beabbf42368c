package vlm

import (
	"errors"
	"fmt"
	"strings"

	"winnow/internal/checkpoint/chat"
	"winnow/internal/trace"
	"winnow/pruning"
)

// placeholder stands for a picture in rendered templates.
const placeholder = "<image>"

// Prompt is a sequence of rows, ready to be embedded.
type Prompt struct {
	Tokens []pruning.Token
	// Text is the rendered template, with the placeholder where the picture goes.
	Text    string
	picture *Picture
	// continues: the rows follow what a session holds already.
	continues bool
}

// Fresh reports whether the prompt starts a conversation, so that the session must be empty.
func (p *Prompt) Fresh() bool { return !p.continues }

// Continue renders a conversation of text whose beginning, said, a session holds already, and
// gives the rows that come after. Where the template writes the past differently, the prompt
// is fresh and whole. whole is the text that the session holds once the rows are computed.
func (m *Model) Continue(messages []trace.Message, said string) (p *Prompt, whole string, err error) {
	if len(messages) == 0 || strings.TrimSpace(messages[len(messages)-1].Text) == "" {
		return nil, "", errors.New("there is no question; write one")
	}
	text, header, err := m.render(messages, false)
	if err != nil {
		return nil, "", err
	}
	p = &Prompt{Text: text}
	rest, ok := strings.CutPrefix(text, said)
	if p.continues = ok && said != "" && rest != ""; !p.continues {
		rest, said = text, ""
	}
	p.text(m, rest, len(said), header, !p.continues)
	return p, text, nil
}

// Prompt renders the model's template and lays the picture's tokens where its placeholder is.
func (m *Model) Prompt(messages []trace.Message, p *Picture) (*Prompt, error) {
	if len(messages) == 0 || strings.TrimSpace(messages[len(messages)-1].Text) == "" {
		return nil, errors.New("there is no question; write one")
	}
	text, header, err := m.render(messages, p != nil)
	if err != nil {
		return nil, err
	}
	out := &Prompt{Text: text, picture: p}
	before, after, found := text, "", false
	if p != nil {
		if before, after, found = strings.Cut(text, placeholder); !found {
			return nil, errors.New("the model's chat template has no place for a picture; choose a vision model")
		}
		if strings.Contains(after, placeholder) {
			return nil, fmt.Errorf("the question contains %q, which stands for a picture; leave it out", placeholder)
		}
	}
	out.text(m, before, 0, header, true)
	if found {
		for i := range p.Grid.Len() {
			row, col := p.Grid.Cell(i)
			out.add(pruning.Token{Kind: pruning.Visual, Part: pruning.User, Row: row, Col: col, ID: -1})
		}
		out.text(m, after, len(before)+len(placeholder), header, false)
	}
	if n, limit := len(out.Tokens), m.Decoder.Config.Context; n >= limit {
		return nil, fmt.Errorf("the prompt has %d tokens, the model takes %d; ask something shorter", n, limit)
	}
	return out, nil
}

func (p *Prompt) add(t pruning.Token) {
	if t.Kind != pruning.Visual {
		t.Picture = -1
	}
	t.Position = len(p.Tokens)
	p.Tokens = append(p.Tokens, t)
}

// text adds the tokens of a stretch that starts at byte offset of the rendered template; those
// from byte header on open the answer.
func (p *Prompt) text(m *Model, s string, offset, header int, first bool) {
	part := pruning.User
	if first && p.picture != nil {
		part = pruning.System
	}
	at := offset
	for _, id := range m.Tokens.Encode(s, first) {
		t := pruning.Token{Kind: pruning.Text, Part: part, ID: id}
		bytes := m.Tokens.Bytes(id)
		switch {
		case id == m.Tokens.BOS():
			t.Kind, t.Part = pruning.Special, pruning.System
		case len(bytes) == 0:
			t.Kind = pruning.Special
			at += len(m.Tokens.Token(id))
		default:
			if at >= header {
				t.Part = pruning.Header
			}
			at += len(bytes)
		}
		p.add(t)
	}
}

// render gives the prompt and the byte at which the answer's header starts.
func (m *Model) render(messages []trace.Message, withPicture bool) (text string, header int, err error) {
	turns := make([]chat.Message, len(messages))
	for i, msg := range messages {
		turns[i] = chat.Text(msg.Role, msg.Text)
		if msg.Role == "user" && withPicture && i == firstUser(messages) {
			turns[i] = chat.User(msg.Text, 1)
		}
	}
	text, err = m.apply(turns, true)
	if err == nil && withPicture && !strings.Contains(text, placeholder) {
		// a template made for text alone: the picture stands before the question
		i := firstUser(messages)
		turns[i] = chat.Text("user", placeholder+"\n"+messages[i].Text)
		text, err = m.apply(turns, true)
	}
	if err != nil {
		return "", 0, err
	}
	header = len(text)
	if open, err := m.apply(turns, false); err == nil && strings.HasPrefix(text, open) {
		header = len(open)
	}
	// BOS is added by the tokenizer; templates often write it too.
	if bos := m.Tokens.Token(m.Tokens.BOS()); m.Tokens.BOS() >= 0 && m.Tokens.AddsBOS() && strings.HasPrefix(text, bos) {
		text, header = text[len(bos):], header-len(bos)
	}
	return text, header, nil
}

func firstUser(messages []trace.Message) int {
	for i, msg := range messages {
		if msg.Role == "user" {
			return i
		}
	}
	return -1
}

// apply renders with the model's own template; a file without one gets ChatML where its
// vocabulary has the markers, else Vicuna's, which LLaVA 1.5 was trained with.
func (m *Model) apply(turns []chat.Message, generate bool) (string, error) {
	if m.template != "" {
		word := func(id int) string {
			if id < 0 {
				return ""
			}
			return m.Tokens.Token(id)
		}
		return chat.Render(m.template, turns, generate, word(m.Tokens.BOS()), word(m.Tokens.EOS()))
	}
	if _, ok := m.Tokens.ID("<|im_start|>"); ok {
		return chat.ChatML(turns, generate), nil
	}
	return vicuna(turns, generate), nil
}

func vicuna(turns []chat.Message, generate bool) string {
	var b strings.Builder
	for _, t := range turns {
		var s strings.Builder
		for _, p := range t.Parts {
			if p.Image {
				s.WriteString(placeholder + "\n")
			} else {
				s.WriteString(p.Text)
			}
		}
		switch t.Role {
		case "system":
			b.WriteString(s.String() + " ")
		case "user":
			b.WriteString("USER: " + s.String())
		default:
			b.WriteString(" ASSISTANT: " + s.String() + "</s>")
		}
	}
	if generate {
		b.WriteString(" ASSISTANT:")
	}
	return b.String()
}

// Trace describes the rows for a trace.
func (m *Model) Trace(p *Prompt) trace.Sequence {
	parts := [...]string{"system", "user", "header", "answer"}
	s := trace.Sequence{Tokens: make([]trace.Token, len(p.Tokens))}
	for i, t := range p.Tokens {
		e := trace.Token{Kind: t.Kind.String(), Part: parts[t.Part], Row: t.Row, Col: t.Col, Position: t.Position}
		if t.ID >= 0 {
			e.ID, e.Text = t.ID, m.Tokens.DecodeSpecial([]int{t.ID})
		}
		s.Tokens[i] = e
	}
	return s
}

// embed fills the rows' embeddings, [rows × hidden].
func (m *Model) embed(p *Prompt, tokens []pruning.Token) ([]float32, error) {
	h := m.Decoder.Config.Hidden
	x := make([]float32, len(tokens)*h)
	for i, t := range tokens {
		row := x[i*h : (i+1)*h]
		if t.Kind == pruning.Visual {
			cell := p.picture.Grid.Index(t.Row, t.Col)
			copy(row, p.picture.Embeddings[cell*h:(cell+1)*h])
			continue
		}
		if err := m.Decoder.Embed([]int{t.ID}, row); err != nil {
			return nil, err
		}
	}
	return x, nil
}
