package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"winnow/robotics/episode"
)

// reel is one mp4 on its way through the user's ffmpeg: H.264, 4:2:0, every second frame a key
// frame, so that a reader reaches any frame in two.
type reel struct {
	path   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	said   bytes.Buffer
	rgb    []byte // of one frame
	frames int
	place  place
}

func haveFFmpeg() error {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return errors.New("videos need ffmpeg, and none is on the PATH; install it, or export the cameras as images")
	}
	return nil
}

// videoable refuses what H.264 in 4:2:0 cannot hold.
func videoable(cameras []episode.Camera) error {
	for _, c := range cameras {
		if c.Width%2 != 0 || c.Height%2 != 0 {
			return fmt.Errorf("camera %s has pictures of %d×%d pixels, and a video's sides must be even; export the cameras as images", c.Name, c.Width, c.Height)
		}
	}
	return nil
}

func newReel(root, name string, width, height, fps int) (*reel, error) {
	f, err := create(root, name) // ffmpeg writes over it
	if err != nil {
		return nil, err
	}
	path := f.Name()
	f.Close()
	r := &reel{path: path, rgb: make([]byte, 3*width*height)}
	r.cmd = exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-y",
		"-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", width, height), "-r", strconv.Itoa(fps), "-i", "-",
		"-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "2", "-crf", "18", path)
	r.cmd.Stderr = &r.said
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("ffmpeg cannot be started: %w; export the cameras as images", err)
	}
	return r, nil
}

func (r *reel) write(p episode.Picture) error {
	img, err := p.RGBA()
	if err != nil {
		return err
	}
	out := r.rgb[:0]
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		row := img.Pix[img.PixOffset(img.Rect.Min.X, y):]
		for x := range img.Rect.Dx() {
			out = append(out, row[4*x:4*x+3]...)
		}
	}
	r.frames++
	if _, err := r.in.Write(out); err != nil {
		// The pipe broke because ffmpeg ended, and what it said tells more.
		if said := r.finish(); said != nil {
			return said
		}
		return err
	}
	return nil
}

// size is what ffmpeg has written so far.
func (r *reel) size() int64 {
	if info, err := os.Stat(r.path); err == nil {
		return info.Size()
	}
	return 0
}

func (r *reel) finish() error {
	if r.cmd == nil {
		return nil
	}
	r.in.Close()
	err := r.cmd.Wait()
	r.cmd = nil
	if err != nil {
		return fmt.Errorf("ffmpeg gave up (%w): %s; export the cameras as images", err, strings.TrimSpace(r.said.String()))
	}
	return nil
}

func (r *reel) close() {
	if r.cmd != nil {
		r.in.Close()
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		r.cmd = nil
	}
}

// reelFor finds or begins the video that takes the episode's frames of one camera, and says in the
// episode's row where they lie in it. A file near its limit is closed first.
func (s *lerobot3) reelFor(f feature, e *episode.Episode, row map[string]any) error {
	r := s.videos[f.name]
	at := place{}
	if r != nil {
		at = r.place
		if r.size() >= s.videoLimit {
			if err := r.finish(); err != nil {
				return err
			}
			at, r = at.next(s.files), nil
		}
	}
	if r == nil {
		var err error
		c := e.Cameras[f.camera]
		r, err = newReel(s.root, at.path("videos/"+f.name, "mp4"), c.Width, c.Height, e.FPS)
		if err != nil {
			return err
		}
		r.place = at
		s.videos[f.name] = r
	}
	key := "videos/" + f.name + "/"
	row[key+"chunk_index"], row[key+"file_index"] = int64(at.chunk), int64(at.file)
	row[key+"from_timestamp"] = float64(r.frames) / float64(e.FPS)
	row[key+"to_timestamp"] = float64(r.frames+len(e.Steps)) / float64(e.FPS)
	return nil
}
