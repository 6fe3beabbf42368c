package chat

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The templates as their models carry them.
const (
	smolLM2 = `{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}`
	llavaList = `{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'][0]['text'] + ' ' }}{% else %}{{ m['role'].upper() + ': ' }}{% for c in m['content'] if c['type'] == 'image' %}{{ '<image>\n' }}{% endfor %}{% for c in m['content'] if c['type'] == 'text' %}{{ c['text'] + ' ' }}{% endfor %}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}`
)

func TestRender(t *testing.T) {
	talk := []Message{Text("user", "Hi"), Text("assistant", "Hello"), Text("user", "Bye")}
	for _, c := range []struct {
		name, tmpl string
		messages   []Message
		add        bool
		want       string
	}{
		{"smollm2", smolLM2, talk, true, "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n" +
			"<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"},
		{"smollm2 with its escapes", strings.ReplaceAll(smolLM2, "\n", `\n`), talk[:1], false, "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"},
		{"list content", llavaList, []Message{User("What?", 1)}, true, "USER: <image>\nWhat? ASSISTANT:"},
		{"list content, text only", llavaList, talk[:1], true, "USER: Hi ASSISTANT:"},
		{"text template with a picture", "{% for m in messages %}{{ m.content }}{% endfor %}", []Message{User("What?", 2)}, false, "<image>\n<image>\nWhat?"},
		{"bos, eos", "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}", talk[:1], false, "<s>Hi</s>"},
		{"blocks are trimmed", "{% for m in messages %}\n    {% if true %}\nx\n    {% endif %}\n{% endfor %}\n", talk, false, "x\nx\nx\n"},
		{"white space control", "{%- for m in messages -%}\n  {{- m.content -}}\n{%- endfor -%}\n", talk, false, "HiHelloBye"},
		{"namespace, slices, macros", "{% macro b(x) %}[{{ x }}]{% endmacro %}{% set ns = namespace(n=0) %}{% for m in messages[1:] %}{% set ns.n = ns.n + 1 %}{{ b(m.content) }}{% endfor %}{{ ns.n }}", talk, false, "[Hello][Bye]2"},
		{"conditionals anywhere", "{% for m in messages %}{{ '<' + ('model' if m['role'] == 'assistant' else 'you, (if) ' + ('first' if loop.first else 'later')) + '>' }}{% endfor %}", talk, false, "<you, (if) first><model><you, (if) later>"},
		{"conditional in arguments", "{% set ns = namespace(a=1 if messages else 2, b='x') %}{{ ns.a }}{{ ['p' if false else 'q', 'r'][0] }}{# ( if #}{{ messages[0].content }}", talk, false, "1qHi"},
		{"conditional in set", "{% set a = 'yes' if messages[0].role == 'user' else 'no' %}{{ a }}{{ messages[0].content }}", talk, false, "yesHi"},
		{"a star in a text", "{{ '*' }}**{{ \"2 * 3\" }}{{ messages[0].content }}", talk, false, "***2 * 3Hi"},
		{"set as a block", "{% set x %}<{{ messages[0].content }}>{% endset %}{% set y = 1 %}\n{{ x }}", talk, false, "<Hi>"},
		{"range", "{% for i in range(3) %}{{ i }}{% endfor %}{{ messages[0].content }}", talk, false, "012Hi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Render(c.tmpl, c.messages, c.add, "<s>", "</s>")
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestBadTemplates(t *testing.T) {
	for name, c := range map[string]struct{ tmpl, says string }{
		"empty":         {" \n", "no chat template"},
		"unclosed":      {"{% for m in messages %}", "cannot be used"},
		"unclosed tag":  {"{% for m in messages ", "no end"},
		"nonsense":      {"{{ ( }}", "cannot be used"},
		"unknown tag":   {"{% frobnicate %}", "cannot be used"},
		"refuses":       {"{{ raise_exception('roles must alternate') }}", "roles must alternate"},
		"reads files":   {"{% include '/etc/hostname' %}", "cannot be used"},
		"imports files": {"{% import '/etc/hostname' as x %}", "cannot be used"},
		"huge range":    {"{% for i in range(1000000000) %}x{% endfor %}", "cannot be used"},
		"nested loops":  {"{% set r = range(5000) %}{% for a in r %}{% for b in r %}{% for c in r %}{% endfor %}{% endfor %}{% endfor %}", "loops too long"},
		"endless text":  {"{{ 'abc' | center(1000000000) }}", "not allowed"},
		"loop in loop":  {"{% for a in range(9) recursive -%}{{ loop([1, 2]) }}{% endfor %}", "recursive loop"},
		"multiplied":    {"{{ 'a' * 1000000000000 }}", "multiplies"},
		"doubled":       {"{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "values fill the memory"},
		"doubled flat":  {"{% set s = [1, 2] %}" + strings.Repeat("{% set s = s + s %}", 60), "values fill the memory"},
		"recursion":     {"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "loops too long"},
		"long":          {strings.Repeat("x", maxTemplate+1), "more than"},
		"step 0":        {"{% for i in range(0, 3, 0) %}{% endfor %}", "step of 0"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := Render(c.tmpl, []Message{Text("user", "Hi")}, true, "", "")
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %.100q and error %v, want an error with %q", out, err, c.says)
			}
		})
	}
}

func TestChatML(t *testing.T) {
	got := ChatML([]Message{Text("system", "Be brief."), Text("user", "Hi")}, true)
	if want := "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"; got != want {
		t.Errorf("got %q", got)
	}
}

// TestGoldenHF compares with what transformers rendered for every reference checkpoint.
func TestGoldenHF(t *testing.T) {
	root := os.Getenv("WINNOW_GOLDEN_HF")
	if root == "" {
		t.Skip("set WINNOW_GOLDEN_HF to the folder of reference checkpoints")
	}
	templates, _ := filepath.Glob(filepath.Join(root, "*", "chat_template.jinja"))
	if len(templates) < 5 {
		t.Fatalf("only %d templates in %s", len(templates), root)
	}
	for _, path := range templates {
		dir := filepath.Dir(path)
		tmpl, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var tc struct {
			BOS string `json:"bos_token"`
			EOS string `json:"eos_token"`
		}
		readJSON(t, filepath.Join(dir, "tokenizer_config.json"), &tc)
		cases, _ := filepath.Glob(filepath.Join(dir, "cases", "*.json"))
		for _, file := range cases {
			t.Run(filepath.Base(dir)+"/"+strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
				var c goldenCase
				readJSON(t, file, &c)
				if c.Prompt == "" || len(c.Messages) == 0 {
					t.Skip("this case has no messages")
				}
				got, err := Render(string(tmpl), c.messages(t), c.Adds(), tc.BOS, tc.EOS)
				if err != nil {
					t.Fatal(err)
				}
				if got != c.Prompt {
					t.Errorf("got  %q\nwant %q", got, c.Prompt)
				}
			})
		}
	}
}

type goldenCase struct {
	Prompt   string `json:"prompt"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	Add *bool `json:"add_generation_prompt"`
}

func (c goldenCase) Adds() bool { return c.Add == nil || *c.Add }

func (c goldenCase) messages(t *testing.T) []Message {
	var all []Message
	for _, m := range c.Messages {
		var text string
		if json.Unmarshal(m.Content, &text) == nil {
			all = append(all, Text(m.Role, text))
			continue
		}
		var parts []struct{ Type, Text string }
		if err := json.Unmarshal(m.Content, &parts); err != nil {
			t.Fatal(err)
		}
		msg := Message{Role: m.Role}
		for _, p := range parts {
			msg.Parts = append(msg.Parts, Part{Text: p.Text, Image: p.Type == "image"})
		}
		all = append(all, msg)
	}
	return all
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

func FuzzRender(f *testing.F) {
	f.Add(smolLM2)
	f.Add(llavaList)
	f.Add("{% macro f(x='a' if true else 'b') %}{{ f() }}{% endmacro %}{{ f()[0:2] | trim }}{# ' #}{%- for a in [1, (2)] -%}{{ '\\'' }}{% endfor %}")
	f.Fuzz(func(t *testing.T, tmpl string) {
		out, err := Render(tmpl, []Message{User("Hi", 1)}, true, "<s>", "</s>")
		if (err != nil) != (out == "") && err != nil {
			t.Fatalf("both a text %q and an error %v", out, err)
		}
	})
}
