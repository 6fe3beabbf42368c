package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// npmClient fetches with `npm pack`, which asks the registry that the user's npm is set to
// and runs no script of the package.
type npmClient struct{}

func (npmClient) fetch(ctx context.Context, p Package, dir string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm is not installed: install Node.js with npm (on Debian and Ubuntu `apt-get install npm`) and try again; until then `--device ref` works without native libraries")
	}
	said, err := run(ctx, dir, nil, npm, "pack", p.Name+"@"+p.Version,
		"--loglevel=error", "--no-update-notifier", "--ignore-scripts")
	if err != nil {
		return "", clientError(p, said, err)
	}
	return only(dir, "*.tgz", p)
}

// pipClient fetches with `pip download`, which asks the index that the user's pip is set to
// and, restricted to wheels, runs nothing of the package.
type pipClient struct{}

func (pipClient) fetch(ctx context.Context, p Package, dir string) (string, error) {
	pip, err := findPip(ctx)
	if err != nil {
		return "", err
	}
	args := append(pip[1:len(pip):len(pip)], "download", p.Name+"=="+p.Version, "--no-deps",
		"--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet", "--dest", dir)
	args = append(args, p.Wheel...)
	// pip writes to its temporary directory first: inside dir its progress can be seen, and
	// a small /tmp does not matter.
	temp := filepath.Join(dir, "pip")
	if err := os.Mkdir(temp, 0o755); err != nil {
		return "", explain(err, dir)
	}
	said, err := run(ctx, dir, []string{"TMPDIR=" + temp, "TEMP=" + temp, "TMP=" + temp}, pip[0], args...)
	if err != nil {
		return "", clientError(p, said, err)
	}
	if err := os.RemoveAll(temp); err != nil {
		return "", explain(err, dir)
	}
	return only(dir, "*.whl", p)
}

// findPip returns the words that run pip here: Python's own module where it is there,
// since a pip command may belong to another Python that is gone.
func findPip(ctx context.Context) ([]string, error) {
	for _, words := range [][]string{{"python3", "-m", "pip"}, {"pip3"}, {"pip"}, {"python", "-m", "pip"}, {"py", "-m", "pip"}} {
		program, err := exec.LookPath(words[0])
		if err != nil {
			continue
		}
		words[0] = program
		if _, err := run(ctx, "", nil, program, append(words[1:len(words):len(words)], "--version")...); err == nil {
			return words, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, errors.New("pip is not installed: install Python 3 with pip (on Debian and Ubuntu `apt-get install python3-pip`) and try again")
}

// run runs a program to its end and returns what it said, the two streams together.
func run(ctx context.Context, dir string, env []string, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	own(cmd)
	// A grandchild that outlives a killed client may hold the pipe open.
	cmd.WaitDelay = 2 * time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	return said.String(), err
}

// only returns the one file in dir that the client must have left.
func only(dir, pattern string, p Package) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("%s ended well but left %d archives of %s %s: update %s and try again", p.Client, len(files), p.Name, p.Version, p.Client)
	}
	return files[0], nil
}

// reasons turn what the clients say into what a person can do. The first that is found in
// the output counts.
var reasons = []struct {
	said *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`ENOSPC|[Nn]o space left on device`), "the disk is full: make room and try again"},
	{regexp.MustCompile(`EROFS|EACCES|EPERM|[Pp]ermission denied|Read-only file system`), "a directory that it needs cannot be written: look at the permissions of the cache directories"},
	{regexp.MustCompile(`code (E404|ETARGET)|No matching distribution|Could not find a version`), "the registry or mirror that it uses does not have this version: try another one"},
	{regexp.MustCompile(`code (E401|E403|ENEEDAUTH)|40[13] Client Error|HTTP error 40[137]`), "the registry or mirror that it uses refused it: check the credentials it is set up with"},
	{regexp.MustCompile(`ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|[Nn]ewConnectionError|[Cc]onnection (refused|reset)|name resolution|timed out|ConnectTimeout`), "the network or the registry cannot be reached: check the connection and the proxy settings, then try again"},
	{regexp.MustCompile(`CERT|certificate`), "the registry's certificate is not trusted: check the certificate settings of this machine"},
}

func clientError(p Package, said string, err error) error {
	for _, r := range reasons {
		if r.said.MatchString(said) {
			return fmt.Errorf("%s did not bring %s %s: %s", p.Client, p.Name, p.Version, r.why)
		}
	}
	last := lastLine(said)
	if last == "" {
		last = err.Error()
	}
	return fmt.Errorf("%s did not bring %s %s (%s): run `%s` by hand to see more", p.Client, p.Name, p.Version, last, p.byHand())
}

// byHand is the command that shows a person what the client's trouble is.
func (p Package) byHand() string {
	if p.Client == "pip" {
		words := append([]string{"python3 -m pip download --no-deps --only-binary=:all:"}, p.Wheel...)
		return strings.Join(append(words, p.Name+"=="+p.Version), " ")
	}
	return "npm pack " + p.Name + "@" + p.Version
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	line := []rune(strings.TrimSpace(lines[len(lines)-1]))
	if len(line) > 200 {
		line = append(line[:200], '…')
	}
	return string(line)
}
