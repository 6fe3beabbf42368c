package paths

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestEverythingFollowsTheUsersVariables(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the XDG variables are Linux's")
	}
	t.Setenv("XDG_CACHE_HOME", "/somewhere/cache")
	t.Setenv("XDG_CONFIG_HOME", "/somewhere/config")
	for want, f := range map[string]func() (string, error){
		"/somewhere/cache/winnow":        Cache,
		"/somewhere/cache/winnow/native": Native,
		"/somewhere/cache/winnow/models": Models,
		"/somewhere/config/winnow":       Config,
	} {
		got, err := f()
		if err != nil || got != filepath.FromSlash(want) {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
}

func TestNoHomeIsASentenceWithANextStep(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LocalAppData", "AppData", "home"} {
		t.Setenv(name, "")
	}
	for _, f := range []func() (string, error){Cache, Config, Native, Models} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), "set HOME or") {
			t.Errorf("got %v, want a sentence that says which variable to set", err)
		}
	}
}
