package cli

import (
	"strings"
	"unicode"

	"winnow/internal/trace"
	"winnow/pruning"
)

// methodSpecs reads the --method flags of one stack, each one method or several joined by "+":
// none given means the default, "none" means none.
func methodSpecs(flags []string) ([]trace.Spec, error) {
	if len(flags) == 0 {
		flags = []string{defaultMethod}
	}
	var out []trace.Spec
	for _, f := range flags {
		for _, text := range splitStack(f) {
			if text == "none" {
				if len(flags) > 1 || f != text {
					return nil, usagef("--method none stands alone; leave it out or the others")
				}
				return nil, nil
			}
			spec, err := pruning.ParseSpec(text)
			if err == nil {
				_, _, err = pruning.New(spec)
			}
			if err != nil {
				return nil, usageError{err}
			}
			if len(spec.Params) == 0 {
				spec.Params = nil
			}
			out = append(out, trace.Spec{Name: spec.Name, Params: spec.Params})
		}
	}
	return out, nil
}

// splitStack cuts "corematching+zipvl,kv=mixed" where a name follows the plus; that of 1e+5 stays.
func splitStack(s string) []string {
	var out []string
	from := 0
	for i, r := range s {
		if next := strings.TrimLeft(s[i+1:], " "); r == '+' && (next == "" || unicode.IsLetter(rune(next[0]))) {
			out, from = append(out, strings.TrimSpace(s[from:i])), i+1
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// stackText writes a stack as the command line takes it.
func stackText(methods []trace.Spec) string {
	var parts []string
	for _, m := range methods {
		parts = append(parts, specText(m))
	}
	return strings.Join(parts, "+")
}
