package vlm

import (
	"strings"
	"testing"

	"winnow/pruning"
)

// Whether or not they would do anything here, methods of other pipelines are refused by name.
func TestMethodsOfOtherPipelinesAreRefused(t *testing.T) {
	m := openBuiltIn(t)
	for name, want := range map[string]string{"sada": "serves drawings", "cogvla": "inside a robot policy"} {
		method, info, err := pruning.New(pruning.Spec{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		err = m.Admit([]pruning.Stacked{{Info: info, Method: method}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: -want %q in\n+got  %v", name, want, err)
		}
	}
}
