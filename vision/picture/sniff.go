package picture

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

const useInstead = "use JPEG, PNG, WebP, GIF, BMP or TIFF"

// magic names what a file is from bytes at an offset.
type magic struct {
	at    int
	bytes string
	name  string // a key of decoders, or a noun with its article
}

var magics = []magic{
	{0, "\xff\xd8\xff", "JPEG"}, {0, "\x89PNG\r\n\x1a\n", "PNG"}, {0, "GIF87a", "GIF"}, {0, "GIF89a", "GIF"},
	{8, "WEBP", "WebP"}, {0, "II*\x00", "TIFF"}, {0, "MM\x00*", "TIFF"},
	{0, "II+\x00", "a BigTIFF"}, {0, "MM\x00+", "a BigTIFF"}, {0, "%PDF", "a PDF"}, {0, "8BPS", "a Photoshop file"},
	{0, "gimp xcf", "a GIMP file"}, {0, "\xff\x0a", "a JPEG XL picture"}, {4, "JXL \r\n\x87\n", "a JPEG XL picture"},
	{4, "jP  \r\n\x87\n", "a JPEG 2000 picture"}, {0, "\xff\x4f\xff\x51", "a JPEG 2000 picture"}, {0, "\x00\x00\x01\x00", "an icon file"},
	{0, "qoif", "a QOI picture"}, {0, "\x76\x2f\x31\x01", "an OpenEXR picture"}, {0, "#?RADIANCE", "a Radiance HDR picture"},
	{0, "PK\x03\x04", "a ZIP archive (or an Office document)"}, {0, "\x1f\x8b", "a gzip archive"}, {0, "7z\xbc\xaf", "a 7-Zip archive"},
	{0, "Rar!", "a RAR archive"}, {0, "\x28\xb5\x2f\xfd", "a Zstandard archive"}, {257, "ustar", "a tar archive"},
	{0, "\x7fELF", "a program"}, {0, "MZ", "a Windows program"}, {0, "GGUF", "a GGUF model"}, {0, "\x93NUMPY", "a NumPy array"},
	{8, "AVI ", "a video"}, {8, "WAVE", "a sound file"}, {0, "\x1aE\xdf\xa3", "a video"}, {0, "OggS", "a sound or video file"},
	{0, "ID3", "a sound file"}, {0, "fLaC", "a sound file"},
}

// brands are the kinds of ISO media file, by the four letters after "ftyp".
var brands = map[string]string{
	"heic": "a HEIC picture", "heix": "a HEIC picture", "hevc": "a HEIC picture", "heim": "a HEIC picture", "heis": "a HEIC picture",
	"mif1": "a HEIF picture", "msf1": "a HEIF picture", "avif": "an AVIF picture", "avis": "an AVIF picture", "crx ": "a Canon raw picture",
}

// sniff names the format of data, a key of decoders, or refuses with a sentence that says what it looks like.
func sniff(data []byte, name string) (string, error) {
	if len(data) == 0 {
		return "", refuse(ErrType, nil, "%s is empty (0 bytes); copy or download the file again", name)
	}
	for _, m := range magics {
		if len(data) < m.at+len(m.bytes) || string(data[m.at:m.at+len(m.bytes)]) != m.bytes {
			continue
		}
		if m.at == 8 && string(data[:4]) != "RIFF" {
			continue
		}
		if _, ok := decoders[m.name]; ok {
			return m.name, nil
		}
		return "", refuse(ErrType, nil, "%s is %s, not a picture that can be read; %s", name, m.name, useInstead)
	}
	if len(data) >= 12 && string(data[4:8]) == "ftyp" {
		what, ok := brands[strings.ToLower(string(data[8:12]))]
		if !ok {
			what = "a video"
		}
		return "", refuse(ErrType, nil, "%s is %s, which cannot be read; save it as JPEG or PNG", name, what)
	}
	// "BM" alone is too common a beginning; a BMP's info header has one of a few lengths.
	if len(data) >= 2 && string(data[:2]) == "BM" && (len(data) < 18 || slices.Contains([]byte{12, 16, 40, 52, 56, 64, 108, 124}, data[14])) {
		return "BMP", nil
	}
	for _, m := range magics {
		if _, ok := decoders[m.name]; ok && m.at == 0 && len(data) < len(m.bytes) && strings.HasPrefix(m.bytes, string(data)) {
			return "", refuse(ErrDamaged, nil, "%s ends after %d bytes: the %s data is cut off; copy or download the file again", name, len(data), m.name)
		}
	}
	return "", refuse(ErrType, nil, "%s is %s, not a picture; %s", name, looksLike(data), useInstead)
}

// isText reports whether head is the beginning of a UTF-8 text; its last letter may be cut.
func isText(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 {
			return !utf8.FullRune(head)
		}
		if r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r) {
			return false
		}
		head = head[n:]
	}
	return true
}

// looksLike describes data that no magic knows.
func looksLike(data []byte) string {
	head := data[:min(len(data), 1024)]
	text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	lower := bytes.ToLower(text)
	switch {
	case bytes.Contains(lower, []byte("<svg")):
		return "an SVG drawing"
	case len(data) > 9 && data[8] == '{' && bytes.Contains(head, []byte("data_offsets")):
		return "a safetensors model"
	case bytes.Count(head, []byte{0}) == len(head):
		return "a file of zeros"
	case !isText(head):
		return "a file of unknown type"
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")):
		return "a web page"
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return "a JSON text"
	case bytes.HasPrefix(lower, []byte("<?xml")):
		return "an XML text"
	}
	return "a text"
}
