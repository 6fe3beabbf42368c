package episode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
)

// Open reads an episode's file.
func Open(path string) (*Episode, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no file %s; check the path", path)
		}
		return nil, fmt.Errorf("the episode cannot be opened: %w", err)
	}
	defer f.Close()
	e, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// Read decodes and validates an episode. It asks for no more memory than what it has already read
// justifies, whatever the file claims.
func Read(from io.Reader) (*Episode, error) {
	r := &decoder{r: bufio.NewReaderSize(from, 1<<16), sum: crc32.NewIEEE()}
	if head := r.take(len(magic)); r.err != nil || string(head) != magic {
		return nil, errors.New("this is no episode file of ours, or one of another version; choose a file that was saved as an episode")
	}
	header := r.block(maxHeader, "the header")
	if r.err != nil {
		return nil, r.err
	}
	e := &Episode{}
	strict := json.NewDecoder(bytes.NewReader(header))
	strict.DisallowUnknownFields()
	if err := strict.Decode(e); err != nil {
		return nil, fmt.Errorf("the header cannot be read: %w; the file is damaged, record it again", err)
	}
	// The vectors' lengths come from here, so it must be sound before any step is read.
	if err := e.ValidateAbout(); err != nil {
		return nil, err
	}
	steps := r.u32(MaxSteps, "number of steps")
	for i := 0; i < steps && r.err == nil; i++ {
		if s := r.step(e); r.err == nil {
			e.Steps = append(e.Steps, s)
		}
	}
	want := r.sum.Sum32()
	if got := r.take(4); r.err == nil && binary.LittleEndian.Uint32(got) != want {
		r.err = errors.New("the checksum does not match: the file is damaged, copy it again from where it came")
	}
	if r.err != nil {
		return nil, r.err
	}
	if _, err := r.r.ReadByte(); err != io.EOF {
		return nil, errors.New("something follows the end of the episode: the file is damaged, copy it again from where it came")
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return e, nil
}

// decoder remembers the first error and returns zeros after it.
type decoder struct {
	r   *bufio.Reader
	sum hash.Hash32
	err error
}

// take reads n bytes, growing its buffer as they come.
func (r *decoder) take(n int) []byte {
	if r.err != nil {
		return make([]byte, min(n, 8))
	}
	const piece = 1 << 20
	var out []byte
	for len(out) < n {
		had, more := len(out), min(piece, n-len(out))
		out = slices.Grow(out, more)[:had+more]
		if _, err := io.ReadFull(r.r, out[had:]); err != nil {
			r.err = err
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				r.err = errors.New("the file ends before the episode does: it is damaged, copy it again from where it came")
			}
			return make([]byte, min(n, 8))
		}
	}
	r.sum.Write(out)
	return out
}

func (r *decoder) u32(limit int, what string) int {
	v := binary.LittleEndian.Uint32(r.take(4))
	if r.err == nil && int64(v) > int64(limit) {
		r.err = fmt.Errorf("%s is %d, the limit is %d: the file is damaged", what, v, limit)
	}
	if r.err != nil {
		return 0
	}
	return int(v)
}

func (r *decoder) f64() float64 { return math.Float64frombits(binary.LittleEndian.Uint64(r.take(8))) }

func (r *decoder) f32s(n int) []float32 {
	raw := r.take(4 * n)
	if r.err != nil {
		return nil
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

func (r *decoder) block(limit int, what string) []byte {
	return r.take(r.u32(limit, "the length of "+what))
}

func (r *decoder) step(e *Episode) Step {
	s := Step{Time: r.f64(), Reward: r.f64()}
	var flags uint8
	if b := r.take(1); r.err == nil {
		flags = b[0]
	}
	if flags > flagSuccess|flagDense|flagPruning|flagMask || flags&flagMask != 0 && flags&flagPruning == 0 {
		r.err = fmt.Errorf("a step has the flags %#x, which are unknown: the file is damaged or of a later version", flags)
	}
	s.Success = flags&flagSuccess != 0
	s.State, s.Action = r.f32s(len(e.State)), r.f32s(len(e.Action))
	if flags&flagDense != 0 {
		s.Dense = r.f32s(len(e.Action))
	}
	for n := r.u32(MaxChunk, "the length of a chunk"); len(s.Chunk) < n && r.err == nil; {
		s.Chunk = append(s.Chunk, r.f32s(len(e.Action)))
	}
	if flags&flagPruning != 0 {
		s.Pruning = r.pruning(flags&flagMask != 0)
	}
	for range e.Cameras {
		p := Picture{Format: PNG}
		if b := r.take(1); r.err == nil && b[0] == 1 {
			p.Format = JPEG
		} else if r.err == nil && b[0] != 0 {
			r.err = fmt.Errorf("a picture is of format %d, which is unknown: the file is damaged or of a later version", b[0])
		}
		p.Data = r.block(MaxPicture, "a picture")
		s.Pictures = append(s.Pictures, p)
	}
	return s
}

func (r *decoder) pruning(masked bool) *Pruning {
	p := &Pruning{Kept: r.u32(MaxMask, "the kept tokens"), Total: r.u32(MaxMask, "the tokens"), MS: r.f64(), FLOPs: r.f64()}
	if !masked {
		return p
	}
	for _, v := range []*int{&p.Rows, &p.Cols, &p.Camera, &p.Box.MinX, &p.Box.MinY, &p.Box.MaxX, &p.Box.MaxY} {
		*v = r.u32(MaxMask, "a number of the mask's grid")
	}
	cells := p.Rows * p.Cols
	if r.err == nil && (cells < 1 || cells > MaxMask) {
		r.err = fmt.Errorf("a mask has %d×%d cells, the limit is %d: the file is damaged", p.Rows, p.Cols, MaxMask)
	}
	packed := r.take((cells + 7) / 8)
	if r.err != nil {
		return p
	}
	p.Mask = make([]bool, cells)
	for i := range p.Mask {
		p.Mask[i] = packed[i/8]&(1<<(i%8)) != 0
	}
	return p
}
