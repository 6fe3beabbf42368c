package native

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// checkLibrary says whether the dynamic loader of h can be trusted with the file: it is
// there, not empty, a shared library of this system and processor, and no part that its
// headers name lies beyond its end. The error is a clause about the file, without a next
// step: the caller knows whether to install, to unset a variable or to use another place.
func checkLibrary(path string, h host) error {
	file, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is missing", path)
	case err != nil:
		return fmt.Errorf("%s cannot be opened (%w)", path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("%s cannot be read (%w)", path, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	case info.Size() == 0:
		return fmt.Errorf("%s is empty", path)
	}
	if err := checkHeader(file, info.Size(), h); err != nil {
		return fmt.Errorf("%s %w", path, err)
	}
	return nil
}

// checkHeader is checkLibrary on open data of a known size in bytes.
func checkHeader(r io.ReaderAt, size int64, h host) error {
	var magic [4]byte
	if n, _ := r.ReadAt(magic[:], 0); n < len(magic) {
		return fmt.Errorf("is cut short: it has %d bytes", size)
	}
	format := formatOf(magic)
	if format == "" {
		return errors.New("is not a shared library")
	}
	if want := formatFor(h.os); format != want {
		return fmt.Errorf("is a library for %s, and this is %s", systemOf[format], h.os)
	}
	var need layout
	var err error
	switch format {
	case "elf":
		need, err = readELF(r)
	case "macho":
		need, err = readMachO(r)
	case "pe":
		need, err = readPE(r)
	}
	switch {
	case err != nil:
		// The debug packages fail on the first header or table that they cannot read.
		return fmt.Errorf("is cut short or damaged at %d bytes (%w)", size, err)
	case !need.library:
		return errors.New("is a program or an object file, not a shared library")
	case need.arch != h.arch:
		return fmt.Errorf("is built for %s, and this processor is %s", need.arch, h.arch)
	case need.end == 0:
		return errors.New("is damaged: its headers name nothing to load")
	case need.end > uint64(size):
		return fmt.Errorf("is cut short: it has %d of %d bytes", size, need.end)
	}
	return nil
}

// layout is what the three formats have in common.
type layout struct {
	arch    string // in Go's words, or the format's own where Go has none
	library bool   // a shared library, not a program or an object file
	end     uint64 // offset in bytes behind the last part that the headers name
}

// reach extends the end over a part of n bytes at an offset; a sum that overflows names
// an impossible file, so it becomes the largest end there is.
func (l *layout) reach(offset, n uint64) {
	end := offset + n
	if end < offset {
		end = ^uint64(0)
	}
	l.end = max(l.end, end)
}

var systemOf = map[string]string{"elf": "linux", "macho": "macOS", "pe": "windows"}

func formatFor(os string) string {
	switch os {
	case "darwin", "ios":
		return "macho"
	case "windows":
		return "pe"
	}
	return "elf"
}

func formatOf(magic [4]byte) string {
	switch {
	case string(magic[:]) == elf.ELFMAG:
		return "elf"
	case string(magic[:2]) == "MZ":
		return "pe"
	}
	// Mach-O: 64 and 32 bit, little-endian; the fat form of several processors is big-endian.
	for _, m := range [][]byte{{0xcf, 0xfa, 0xed, 0xfe}, {0xce, 0xfa, 0xed, 0xfe}, {0xca, 0xfe, 0xba, 0xbe}} {
		if bytes.Equal(magic[:], m) {
			return "macho"
		}
	}
	return ""
}

func readELF(r io.ReaderAt) (layout, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return layout{}, err
	}
	names := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_ARM: "arm",
		elf.EM_386: "386", elf.EM_RISCV: "riscv64", elf.EM_PPC64: "ppc64le", elf.EM_S390: "s390x"}
	l := layout{arch: names[f.Machine], library: f.Type == elf.ET_DYN}
	if l.arch == "" {
		l.arch = f.Machine.String()
	}
	for _, p := range f.Progs {
		l.reach(p.Off, p.Filesz)
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL {
			l.reach(s.Offset, s.FileSize)
		}
	}
	return l, nil
}

func readMachO(r io.ReaderAt) (layout, error) {
	f, err := macho.NewFile(r)
	if err != nil {
		return layout{}, err
	}
	names := map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64", macho.Cpu386: "386"}
	// Backends are bundles, the others dynamic libraries; the loader takes both.
	l := layout{arch: names[f.Cpu], library: f.Type == macho.TypeDylib || f.Type == macho.TypeBundle}
	if l.arch == "" {
		l.arch = f.Cpu.String()
	}
	for _, load := range f.Loads {
		if s, ok := load.(*macho.Segment); ok {
			l.reach(s.Offset, s.Filesz)
		}
	}
	return l, nil
}

func readPE(r io.ReaderAt) (layout, error) {
	f, err := pe.NewFile(r)
	if err != nil {
		return layout{}, err
	}
	names := map[uint16]string{pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64", pe.IMAGE_FILE_MACHINE_I386: "386"}
	l := layout{arch: names[f.Machine], library: f.Characteristics&pe.IMAGE_FILE_DLL != 0}
	if l.arch == "" {
		l.arch = fmt.Sprintf("processor type %#x", f.Machine)
	}
	for _, s := range f.Sections {
		l.reach(uint64(s.Offset), uint64(s.Size))
	}
	return l, nil
}
