package cli

import (
	"cmp"
	"strconv"
	"strings"

	"winnow/internal/trace"
)

// rerun is the command line that repeats a run, quoted for a shell; "" where none can: a
// conversation of several turns, or a run without a picture.
func rerun(r trace.Request) string {
	picture := cmp.Or(r.Picture, r.PictureName)
	if picture == "" || len(r.Messages) != 1 {
		return ""
	}
	verb := "ask"
	switch {
	case r.Sweep != nil:
		verb = "sweep"
	case len(r.Compare) > 0:
		verb = "compare"
	}
	args := []string{"winnow", verb, "--image", picture, "--prompt", r.Question()}
	add := func(flag, value string, given bool) {
		if given {
			args = append(args, flag, value)
		}
	}
	if len(r.Methods) == 0 && len(r.Compare) == 0 {
		add("--method", "none", true)
	}
	for _, s := range r.Stacks() {
		add("--method", stackText(s.Methods), len(s.Methods) > 0)
	}
	if w := r.Sweep; w != nil {
		add("--param", w.Param, true)
		add("--values", strings.Join(w.Values, ","), true)
	}
	for _, f := range r.Force {
		add("--force", forcedText([]trace.Forced{f}), true)
	}
	add("--model", r.Model, r.Model != "")
	add("--mmproj", r.Projector, r.Projector != "")
	add("--device", r.Device, r.Device != "" && r.Device != "auto")
	add("--threads", strconv.Itoa(r.Threads), r.Threads > 0)
	s := r.Sampling
	add("--temperature", number64(s.Temperature), s.Temperature != 0)
	add("--top-p", number64(s.TopP), s.TopP != 0 && s.TopP != 1)
	add("--seed", strconv.FormatUint(s.Seed, 10), s.Seed != 0)
	add("--max-tokens", strconv.Itoa(s.MaxTokens), s.MaxTokens > 0 && s.MaxTokens != 128)
	for i, a := range args {
		args[i] = quote(clean(a))
	}
	return strings.Join(args, " ")
}

func number64(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// quote writes a word so that a POSIX shell reads it as it is.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,=:+@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
