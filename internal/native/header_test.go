package native

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongLibrariesAreRefusedWithTheReason(t *testing.T) {
	good := goodELF()
	for _, c := range []struct {
		name string
		data []byte
		want string // part of the error; "" is sound
	}{
		{"sound", good, ""},
		{"empty", nil, "is empty"},
		{"three bytes", []byte("\x7fEL"), "is cut short: it has 3 bytes"},
		{"text", []byte("version https://git-lfs"), "is not a shared library"},
		{"cut in the section table", good[:len(good)-10], "is cut short or damaged"},
		{"cut in the middle", good[:100], "is cut short"},
		{"only the header", good[:64], "is cut short"},
		{"other processor", fakeELF(elf.EM_AARCH64, elf.ET_DYN), "is built for arm64, and this processor is amd64"},
		{"unknown processor", fakeELF(elf.EM_SPARCV9, elf.ET_DYN), "is built for EM_SPARCV9"},
		{"object file", fakeELF(elf.EM_X86_64, elf.ET_REL), "not a shared library"},
		{"windows library", fakePE(pe.IMAGE_FILE_MACHINE_AMD64), "is a library for windows, and this is linux"},
		{"mac library", fakeMachO(macho.CpuAmd64), "is a library for macOS, and this is linux"},
		{"part beyond the end", lyingELF(1 << 40), "is cut short: it has"},
		{"part that overflows", lyingELF(^uint64(0) - 10), "is cut short"},
	} {
		file := filepath.Join(t.TempDir(), "libggml.so")
		write(t, file, c.data)
		err := checkLibrary(file, linuxHost)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if err != nil && !strings.Contains(err.Error(), file) {
			t.Errorf("%s: the error does not name the file: %v", c.name, err)
		}
	}
	if err := checkLibrary(filepath.Join(t.TempDir(), "none.so"), linuxHost); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("a missing file: got %v", err)
	}
	if err := checkLibrary(t.TempDir(), linuxHost); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a directory: got %v", err)
	}
}

// Every cut of a sound library must be noticed: the last thing in it is a table it needs.
func TestEveryTruncationIsNoticed(t *testing.T) {
	good := goodELF()
	for n := range good {
		if err := checkHeader(bytes.NewReader(good[:n]), int64(n), linuxHost); err == nil {
			t.Errorf("a library cut to %d of %d bytes passed", n, len(good))
		}
	}
}

func TestMacAndWindowsLibraries(t *testing.T) {
	mac, win := fakeMachO(macho.CpuArm64), fakePE(pe.IMAGE_FILE_MACHINE_AMD64)
	for _, c := range []struct {
		name string
		data []byte
		host host
		want string
	}{
		{"mac", mac, host{"darwin", "arm64"}, ""},
		{"mac, other processor", mac, host{"darwin", "amd64"}, "is built for arm64"},
		{"mac, cut", mac[:len(mac)-1], host{"darwin", "arm64"}, "is cut short"},
		{"windows", win, host{"windows", "amd64"}, ""},
		{"windows, other processor", win, host{"windows", "arm64"}, "is built for amd64"},
		{"windows, cut", win[:len(win)-1], host{"windows", "amd64"}, "is cut short"},
		{"linux on windows", goodELF(), host{"windows", "amd64"}, "is a library for linux"},
	} {
		err := checkHeader(bytes.NewReader(c.data), int64(len(c.data)), c.host)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(goodELF())
	f.Add(fakeMachO(macho.CpuArm64))
	f.Add(fakePE(pe.IMAGE_FILE_MACHINE_AMD64))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, h := range []host{linuxHost, {"darwin", "arm64"}, {"windows", "amd64"}} {
			err := checkHeader(bytes.NewReader(data), int64(len(data)), h)
			if err == nil && len(data) < 64 {
				t.Errorf("%d bytes passed as a library", len(data))
			}
		}
	})
}

// lyingELF is a sound library but for one part that claims n bytes.
func lyingELF(n uint64) []byte {
	data := goodELF()
	binary.LittleEndian.PutUint64(data[64+32:], n) // p_filesz of the only program header
	return data
}

// fakeMachO is a dynamic library with one segment of 100 bytes after its headers.
func fakeMachO(cpu macho.Cpu) []byte {
	const head, command, body = 32, 72, 100
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	put([]uint32{macho.Magic64, uint32(cpu), 0, uint32(macho.TypeDylib), 1, command, 0, 0})
	put(macho.Segment64{Cmd: macho.LoadCmdSegment64, Len: command, Offset: head + command, Filesz: body, Memsz: body})
	b.Write(make([]byte, body))
	return b.Bytes()
}

// fakePE is a DLL with one section of 100 bytes after its headers.
func fakePE(machine uint16) []byte {
	const dos, body = 64, 100
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	b.WriteString("MZ")
	b.Write(make([]byte, dos-2-4))
	put(uint32(dos))
	b.WriteString("PE\x00\x00")
	optional := uint16(binary.Size(pe.OptionalHeader64{}))
	put(pe.FileHeader{Machine: machine, NumberOfSections: 1, SizeOfOptionalHeader: optional, Characteristics: pe.IMAGE_FILE_DLL})
	put(pe.OptionalHeader64{Magic: 0x20b, NumberOfRvaAndSizes: 16})
	at := uint32(b.Len() + binary.Size(pe.SectionHeader32{}))
	put(pe.SectionHeader32{Name: [8]byte{'.', 't'}, SizeOfRawData: body, PointerToRawData: at})
	b.Write(make([]byte, body))
	return b.Bytes()
}
