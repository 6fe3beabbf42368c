package episode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"

	"winnow/internal/trace"
)

// The file, all numbers little-endian:
//
//	magic "WNWEPIS1"
//	uint32 length, header: JSON of Episode without its steps
//	uint32 number of steps, then each step:
//	  float64 time, reward
//	  uint8 flags: 1 success, 2 dense, 4 pruning, 8 mask
//	  float32 state [S], action [A], dense [A] where flagged
//	  uint32 K, float32 chunk [K×A]
//	  pruning where flagged: uint32 kept, total; float64 ms, FLOPs; where flagged 8:
//	    uint32 rows, cols, camera, minX, minY, maxX, maxY; the mask, eight cells a byte, low bit first
//	  pictures, one a camera: uint8 format (0 PNG, 1 JPEG), uint32 length, bytes
//	uint32 CRC-32 (IEEE) of everything before
const magic = "WNWEPIS1"

const (
	flagSuccess = 1 << iota
	flagDense
	flagPruning
	flagMask
)

// Save writes an episode to a file whole or not at all: a temporary file beside it is filled,
// synced and renamed. What was there before stays until then.
func Save(path string, e *Episode) error {
	if err := e.Validate(); err != nil {
		return fmt.Errorf("%s was not written: %w", path, err)
	}
	return trace.Save(path, e.Write)
}

// Write encodes a valid episode.
func (e *Episode) Write(to io.Writer) error {
	if err := e.Validate(); err != nil {
		return err
	}
	header, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("the episode's header cannot be encoded: %w", err)
	}
	if len(header) > maxHeader {
		return fmt.Errorf("the episode's names and texts take %d bytes, the limit is %d; shorten them", len(header), maxHeader)
	}
	w := &encoder{w: bufio.NewWriterSize(to, 1<<16), sum: crc32.NewIEEE()}
	w.bytes([]byte(magic))
	w.block(header)
	w.u32(len(e.Steps))
	for i := range e.Steps {
		w.step(&e.Steps[i])
	}
	w.u32(int(w.sum.Sum32()))
	if w.err != nil {
		return w.err
	}
	return w.w.Flush()
}

// encoder remembers the first error, so that the layout above reads as a list.
type encoder struct {
	w   *bufio.Writer
	sum hash.Hash32
	err error
	buf [8]byte
}

func (w *encoder) bytes(b []byte) {
	if w.err == nil {
		w.sum.Write(b)
		_, w.err = w.w.Write(b)
	}
}

func (w *encoder) u8(v uint8) {
	w.buf[0] = v
	w.bytes(w.buf[:1])
}

func (w *encoder) u32(v int) {
	binary.LittleEndian.PutUint32(w.buf[:], uint32(v))
	w.bytes(w.buf[:4])
}

func (w *encoder) f64(v float64) {
	binary.LittleEndian.PutUint64(w.buf[:], math.Float64bits(v))
	w.bytes(w.buf[:8])
}

func (w *encoder) f32s(values []float32) {
	for _, v := range values {
		binary.LittleEndian.PutUint32(w.buf[:], math.Float32bits(v))
		w.bytes(w.buf[:4])
	}
}

func (w *encoder) block(b []byte) {
	w.u32(len(b))
	w.bytes(b)
}

func (w *encoder) step(s *Step) {
	var flags uint8
	for _, f := range []struct {
		flag uint8
		set  bool
	}{
		{flagSuccess, s.Success},
		{flagDense, s.Dense != nil},
		{flagPruning, s.Pruning != nil},
		{flagMask, s.Pruning != nil && s.Pruning.Mask != nil},
	} {
		if f.set {
			flags |= f.flag
		}
	}
	w.f64(s.Time)
	w.f64(s.Reward)
	w.u8(flags)
	w.f32s(s.State)
	w.f32s(s.Action)
	w.f32s(s.Dense)
	w.u32(len(s.Chunk))
	for _, a := range s.Chunk {
		w.f32s(a)
	}
	if p := s.Pruning; p != nil {
		w.pruning(p)
	}
	for _, p := range s.Pictures {
		w.u8(uint8(bytes.IndexByte([]byte("pj"), p.Format[0])))
		w.block(p.Data)
	}
}

func (w *encoder) pruning(p *Pruning) {
	w.u32(p.Kept)
	w.u32(p.Total)
	w.f64(p.MS)
	w.f64(p.FLOPs)
	if p.Mask == nil {
		return
	}
	for _, v := range []int{p.Rows, p.Cols, p.Camera, p.Box.MinX, p.Box.MinY, p.Box.MaxX, p.Box.MaxY} {
		w.u32(v)
	}
	packed := make([]byte, (len(p.Mask)+7)/8)
	for i, kept := range p.Mask {
		if kept {
			packed[i/8] |= 1 << (i % 8)
		}
	}
	w.bytes(packed)
}
