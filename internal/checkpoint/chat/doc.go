// Package chat writes a conversation in the words that a model was trained on. Every chat
// model has its own: `<|im_start|>user…`, `USER: … ASSISTANT:`, `[INST] … [/INST]`. The model
// file carries them as a Jinja template, and Render runs it:
//
//	messages (role, texts and pictures) ─▶ template ─▶ one text ─▶ tokenizer, specials parsed
//
// Templates disagree about what a message's content is: a text, or a list of typed parts.
// Render finds out by trying both on a probe message. A picture comes out as the model's own
// placeholder (<image>, <|image_pad|>, …), which the caller replaces by visual tokens.
//
// A template is a program out of a stranger's file: it gets no files, few loops and few
// macro calls. Start reading at chat.go; the guards are in guard.go.
package chat
