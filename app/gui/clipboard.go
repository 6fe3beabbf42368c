package gui

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// paste opens what the clipboard holds: the path or address of a file, else a picture.
func (w *window) paste() {
	if paths := pathsIn(w.app.Clipboard().Content()); len(paths) > 0 {
		w.openFiles(paths)
		return
	}
	w.load(func(ctx context.Context) opened {
		data, err := clipboardPicture(ctx)
		if err != nil {
			return opened{err: err}
		}
		return loadBytes(ctx, data, "pasted.png")
	})
}

// pathsIn finds the files that a text names, one a line, as file managers copy them. It is empty
// where the text is anything else.
func pathsIn(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.Trim(strings.TrimSpace(line), `"'`)
		switch {
		case line == "", line == "copy", line == "cut", strings.HasPrefix(line, "#"):
			continue // GNOME's first line; comments of text/uri-list
		case strings.HasPrefix(line, "file://"):
			u, err := url.Parse(line) // storage.ParseURI leaves %20 as it is
			if err != nil {
				return nil
			}
			line = filepath.FromSlash(u.Path)
		}
		if !filepath.IsAbs(line) {
			return nil
		}
		if _, err := os.Stat(line); err != nil {
			return nil
		}
		out = append(out, line)
	}
	return out
}

// pictureTools print the picture on the clipboard as PNG: Fyne's own clipboard holds text only.
func pictureTools() [][]string {
	wayland := []string{"wl-paste", "--no-newline", "--type", "image/png"}
	x11 := []string{"xclip", "-selection", "clipboard", "-target", "image/png", "-out"}
	if os.Getenv("WAYLAND_DISPLAY") != "" {
		return [][]string{wayland, x11}
	}
	return [][]string{x11, wayland}
}

var errNoPicture = errors.New("the clipboard holds neither a picture nor the path of a file; copy one of them, or drop the file")

// clipboardPicture asks the system's tools for the picture on the clipboard.
func clipboardPicture(ctx context.Context) ([]byte, error) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return nil, errors.New("the clipboard holds no path of a file, and pictures are pasted on Linux only; drop the file, or copy its path")
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	found := false
	for _, t := range pictureTools() {
		if _, err := exec.LookPath(t[0]); err != nil {
			continue
		}
		found = true
		var out bytes.Buffer
		cmd := exec.CommandContext(ctx, t[0], t[1:]...)
		cmd.Stdout = &out
		if cmd.Run() == nil && bytes.HasPrefix(out.Bytes(), pngSignature) {
			return out.Bytes(), nil
		}
	}
	if !found {
		return nil, errors.New("the clipboard holds no path of a file, and a picture on it can be read only with xclip (X11) or wl-paste (Wayland): install one, or drop the file")
	}
	return nil, errNoPicture
}
