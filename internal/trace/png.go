package trace

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A figure carries its trace in an iTXt chunk, which editors and browsers pass over:
//
//	length │ "iTXt" │ winnow-trace 0 │ 1 (compressed) │ 0 (zlib) │ 0 (language) │ 0 (keyword) │ zlib(JSON lines) │ CRC
//
// Source: PNG (third edition), sections 5.3 and 11.3.3.4.
const (
	pngKeyword  = "winnow-trace"
	maxPNGChunk = 1<<31 - 1
)

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// ErrNoTrace is the error of a sound PNG that carries no trace.
var ErrNoTrace = errors.New("the picture carries no winnow trace; open it as a picture instead")

// errPNG is for what is not, or no longer, a PNG.
var errPNG = errors.New("the PNG is damaged")

// EmbedPNG returns the PNG with the events in it, in place of those that it may carry already.
func EmbedPNG(png []byte, events []Event) ([]byte, error) {
	var text bytes.Buffer
	text.WriteString(pngKeyword)
	text.Write([]byte{0, 1, 0, 0, 0})
	z, err := zlib.NewWriterLevel(&text, zlib.BestCompression)
	if err != nil {
		return nil, err
	}
	w := NewWriter(z)
	for _, e := range events {
		if err := w.Write(e); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if text.Len() > maxPNGChunk {
		return nil, fmt.Errorf("%w to fit into a PNG; save it as .jsonl", ErrTooLarge)
	}

	out := bytes.NewBuffer(make([]byte, 0, len(png)+text.Len()+12))
	out.Write(pngSignature)
	err = walkPNG(bytes.NewReader(png), int64(len(png)), func(kind string, data []byte) (more bool, err error) {
		switch {
		case isTrace(kind, data):
			return true, nil
		case kind == "IEND":
			writeChunk(out, "iTXt", text.Bytes())
		}
		writeChunk(out, kind, data)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// ExtractPNG reads the trace that a PNG carries: ErrNoTrace where it carries none. Errors of the
// trace itself are those of Read.
func ExtractPNG(r io.Reader) ([]Event, error) {
	var events []Event
	found := false
	err := walkPNG(r, maxTotal, func(kind string, data []byte) (more bool, err error) {
		if !isTrace(kind, data) {
			return true, nil
		}
		found = true
		events, err = readChunk(data)
		return false, err
	})
	if err == nil && !found {
		err = ErrNoTrace
	}
	return events, err
}

func isTrace(kind string, data []byte) bool {
	return kind == "iTXt" && bytes.HasPrefix(data, []byte(pngKeyword+"\x00"))
}

func readChunk(data []byte) ([]Event, error) {
	data = data[len(pngKeyword)+1:]
	if len(data) < 2 || data[0] > 1 || data[1] != 0 {
		return nil, fmt.Errorf("%w: its trace is packed in an unknown way", errPNG)
	}
	packed := data[0] == 1
	data = data[2:]
	for range 2 { // language and translated keyword
		_, rest, ok := bytes.Cut(data, []byte{0})
		if !ok {
			return nil, fmt.Errorf("%w: its trace has no text", errPNG)
		}
		data = rest
	}
	if !packed {
		return Read(bytes.NewReader(data))
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: its trace cannot be unpacked: %w", errPNG, err)
	}
	// Read stops a small chunk that unpacks to more than memory holds.
	return Read(z)
}

// walkPNG calls f with each chunk in turn, its CRC checked, until f wants no more or IEND. limit is
// the most bytes that one chunk may have.
func walkPNG(r io.Reader, limit int64, f func(kind string, data []byte) (more bool, err error)) error {
	head := make([]byte, 8)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.Equal(head, pngSignature) {
		return fmt.Errorf("%w: it does not begin as one", errPNG)
	}
	for {
		if _, err := io.ReadFull(r, head); err != nil {
			return cutPNG(err)
		}
		n, kind := int64(binary.BigEndian.Uint32(head)), string(head[4:])
		if n > min(limit, maxPNGChunk) {
			return fmt.Errorf("%w: a chunk says that it has %d bytes", errPNG, n)
		}
		// Growing with what really comes keeps a lying length from taking memory.
		var data bytes.Buffer
		if m, err := io.Copy(&data, io.LimitReader(r, n)); err != nil || m < n {
			return cutPNG(err)
		}
		var sum [4]byte
		if _, err := io.ReadFull(r, sum[:]); err != nil {
			return cutPNG(err)
		}
		if binary.BigEndian.Uint32(sum[:]) != checksum(kind, data.Bytes()) {
			return fmt.Errorf("%w: the checksum of its %q chunk is wrong; copy or download it again", errPNG, kind)
		}
		more, err := f(kind, data.Bytes())
		if err != nil || !more || kind == "IEND" {
			return err
		}
	}
}

func cutPNG(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too early; copy or download it again", errPNG)
	}
	return fmt.Errorf("the PNG cannot be read further: %w", err)
}

func checksum(kind string, data []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(kind)), crc32.IEEETable, data)
}

func writeChunk(w *bytes.Buffer, kind string, data []byte) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(len(data)))
	w.Write(b[:])
	w.WriteString(kind)
	w.Write(data)
	binary.BigEndian.PutUint32(b[:], checksum(kind, data))
	w.Write(b[:])
}
