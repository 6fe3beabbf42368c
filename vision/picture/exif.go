package picture

import (
	"bytes"
	"encoding/binary"
)

// EXIF orientation says how the stored rows lie. With 0 the first row and column:
//
//	1 upright   2 mirrored   3 half turn   4 mirrored top to bottom
//	5 transposed   6 needs a quarter turn clockwise   7 transposed the other way   8 a quarter turn back
//
// Only the value is read here, by walking to the EXIF block of each container with every offset checked:
// the bytes come from anywhere. Anything odd counts as upright.

const upRight = 1

// tiffOrientation reads tag 274 of the first directory of a TIFF structure.
func tiffOrientation(b []byte) int {
	if v, ok := tiffTag(b, 274); ok && v >= 1 && v <= 8 {
		return int(v)
	}
	return upRight
}

// tiffTag finds a tag with one whole number in the first directory of a TIFF structure.
func tiffTag(b []byte, tag uint16) (value uint32, ok bool) {
	if len(b) < 8 {
		return 0, false
	}
	var order binary.ByteOrder
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0, false
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 0, false
	}
	entries := b[at+2:]
	for n := order.Uint16(b[at:]); n > 0 && len(entries) >= 12; n-- {
		e := entries[:12]
		entries = entries[12:]
		if order.Uint16(e) != tag || order.Uint32(e[4:]) != 1 {
			continue
		}
		switch order.Uint16(e[2:]) {
		case 3: // SHORT
			return uint32(order.Uint16(e[8:])), true
		case 4: // LONG, which a few programs write for anything
			return order.Uint32(e[8:]), true
		}
		return 0, false
	}
	return 0, false
}

// jpegOrientation looks for the APP1 segment before the first scan.
func jpegOrientation(b []byte) int {
	for b = b[min(2, len(b)):]; len(b) >= 4; {
		if b[0] != 0xff {
			return upRight
		}
		marker := b[1]
		if marker == 0xff { // fill byte
			b = b[1:]
			continue
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd8 { // stand alone
			b = b[2:]
			continue
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if marker == 0xda || marker == 0xd9 || n < 2 || 2+n > len(b) {
			return upRight
		}
		if body, ok := bytes.CutPrefix(b[4:2+n], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(body)
		}
		b = b[2+n:]
	}
	return upRight
}

// pngOrientation looks for the eXIf chunk, which may follow the pixels.
func pngOrientation(b []byte) int {
	for b = b[min(8, len(b)):]; len(b) >= 12; {
		n := uint64(binary.BigEndian.Uint32(b))
		if n+12 > uint64(len(b)) {
			return upRight
		}
		if string(b[4:8]) == "eXIf" {
			return tiffOrientation(b[8 : 8+n])
		}
		b = b[n+12:]
	}
	return upRight
}

// webpOrientation looks for the EXIF chunk; some writers keep JPEG's "Exif" before it.
func webpOrientation(b []byte) int {
	orientation := upRight
	riffChunks(b[min(12, len(b)):], func(id string, body []byte) bool {
		if id == "EXIF" {
			orientation = tiffOrientation(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
		}
		return id != "EXIF"
	})
	return orientation
}

// riffChunks calls f with each whole chunk until it returns false.
func riffChunks(b []byte, f func(id string, body []byte) bool) {
	for len(b) >= 8 {
		n := uint64(binary.LittleEndian.Uint32(b[4:]))
		if n+8 > uint64(len(b)) || !f(string(b[:4]), b[8:8+n]) {
			return
		}
		b = b[min(8+n+n&1, uint64(len(b))):]
	}
}
