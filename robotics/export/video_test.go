package export

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestVideosWithoutFFmpegAreRefusedAtOnce(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, format := range []Format{LeRobotV3, LeRobotV21} {
		dir := t.TempDir()
		if _, err := Begin(format, filepath.Join(dir, "out"), Options{Video: true}); err == nil || !strings.Contains(err.Error(), "videos need ffmpeg") {
			t.Errorf("%s: %v", format, err)
		}
		if got := left(t, dir); len(got) > 0 {
			t.Errorf("left %v", got)
		}
	}
	if _, err := Begin(CSV, filepath.Join(t.TempDir(), "out"), Options{Video: true}); err == nil || !strings.Contains(err.Error(), "only LeRobot datasets hold videos") {
		t.Error(err)
	}
}

// script puts a program named ffmpeg on the PATH that does what the lines say.
func script(t *testing.T, lines string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell script for ffmpeg's place")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\n"+lines+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestWhatFFmpegSaysReachesTheUser(t *testing.T) {
	script(t, "echo 'no such encoder' >&2; exit 3")
	dir := t.TempDir()
	err := Write(t.Context(), LeRobotV3, filepath.Join(dir, "out"), Memory(run(t, 0, 3, jointDims)), Options{Video: true})
	if err == nil || !strings.Contains(err.Error(), "ffmpeg gave up") || !strings.Contains(err.Error(), "no such encoder") {
		t.Error(err)
	}
	if got := left(t, dir); len(got) > 0 {
		t.Errorf("left %v", got)
	}
}

// The frames reach ffmpeg as rows of RGB, all of them and in order.
func TestFramesReachFFmpeg(t *testing.T) {
	script(t, `for last; do :; done; cat > "$last"`)
	dir := t.TempDir()
	e := run(t, 0, 3, jointDims)
	if err := Write(t.Context(), LeRobotV3, filepath.Join(dir, "out"), Memory(e, run(t, 1, 2, jointDims)), Options{Video: true}); err != nil {
		t.Fatal(err)
	}
	got := read(t, dir, "out/videos/observation.images.front/chunk-000/file-000.mp4")
	if len(got) != 5*6*8*3 {
		t.Fatalf("%d bytes, want five frames of 6×8", len(got))
	}
	for k, i, at := 0, 0, 0; at < len(got); {
		for y := range 6 {
			for x := range 8 {
				if got[at] != byte(10*x+i) || got[at+1] != byte(20*y+k) || got[at+2] != 128 {
					t.Fatalf("pixel (%d,%d) of frame %d of episode %d is %v", x, y, i, k, got[at:at+3])
				}
				at += 3
			}
		}
		if i++; k == 0 && i == 3 {
			k, i = 1, 0
		}
	}
	info := parsed(t, dir, "out/meta/info.json")
	front := info["features"].(map[string]any)["observation.images.front"].(map[string]any)
	if front["dtype"] != "video" || front["info"].(map[string]any)["video.codec"] != "h264" || info["video_path"] != videoPath3 {
		t.Errorf("the camera is told as %v", front)
	}
}

func TestOddPicturesAreNoVideo(t *testing.T) {
	script(t, `cat > /dev/null`)
	e := run(t, 0, 1, jointDims)
	e.Cameras[1].Width = 3
	e.Steps[0].Pictures[1] = paintPNG(t, e.Cameras[1], 0, 0)
	err := Write(t.Context(), LeRobotV3, filepath.Join(t.TempDir(), "out"), Memory(e), Options{Video: true})
	if err == nil || !strings.Contains(err.Error(), "camera wrist has pictures of 3×4 pixels, and a video's sides must be even") {
		t.Error(err)
	}
}
