package native

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"debug/elf"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

var linuxHost = host{"linux", "amd64"}

// fakeELF makes the smallest file that has all that the checks look at: an ELF header, one
// loadable part, and a section table at the very end.
func fakeELF(machine elf.Machine, kind elf.Type) []byte {
	const head, prog, sect, body = 64, 56, 64, 100
	text := "\x00.shstrtab\x00"
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	put(elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(kind), Machine: uint16(machine), Version: 1,
		Phoff: head, Shoff: head + prog + body + uint64(len(text)), Ehsize: head,
		Phentsize: prog, Phnum: 1, Shentsize: sect, Shnum: 2, Shstrndx: 1,
	})
	put(elf.Prog64{Type: uint32(elf.PT_LOAD), Off: head + prog, Filesz: body, Memsz: body})
	b.Write(make([]byte, body))
	b.WriteString(text)
	put(elf.Section64{})
	put(elf.Section64{Name: 1, Type: uint32(elf.SHT_STRTAB), Off: head + prog + body, Size: uint64(len(text))})
	return b.Bytes()
}

func goodELF() []byte { return fakeELF(elf.EM_X86_64, elf.ET_DYN) }

// member is one entry of a fake archive.
type member struct {
	name string
	data []byte
	kind byte // tar type; 0 is a plain file
}

func goodMembers() []member {
	var out []member
	for _, name := range []string{"libggml.v0.5.0.so", "libggml-base.so", "libggml-cpu-x64.so", "libllama.v0.5.0.so", "llama-addon.node"} {
		out = append(out, member{name: "package/bins/linux-x64/" + name, data: goodELF()})
	}
	return append(out, member{name: "package/LICENSE", data: []byte("MIT")}, member{name: "package/package.json", data: []byte("{}")})
}

func tarball(t *testing.T, members []member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, m := range members {
		head := &tar.Header{Name: m.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(m.data))}
		if m.kind != 0 {
			head.Typeflag, head.Size, head.Linkname = m.kind, 0, "/etc/passwd"
		}
		if err := w.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if head.Size > 0 {
			if _, err := w.Write(m.data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wheel(t *testing.T, members []member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func integrity(data []byte) string {
	sum := sha512.Sum512(data)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

func fakePackage(archive []byte) Package {
	return Package{Kind: "cpu", OS: "linux", Arch: "amd64", Client: "npm", Name: "@fake/linux-x64",
		Version: "1.2.3", Integrity: integrity(archive), Size: int64(len(archive))}
}

// programs makes a directory of shell scripts the only PATH there is, beside the few tools
// that the scripts themselves need, and returns it.
func programs(t *testing.T, scripts map[string]string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake clients are shell scripts")
	}
	dir := t.TempDir()
	for name, text := range scripts {
		write(t, filepath.Join(dir, name), []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+text+"\n"))
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	return dir
}

// fakeNPM is an npm whose pack leaves the archive in the current directory, as npm's does,
// and counts how often it was asked in the file whose path it returns.
func fakeNPM(t *testing.T, archive []byte) (count string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "archive.tgz")
	count = filepath.Join(dir, "count")
	write(t, file, archive)
	programs(t, map[string]string{"npm": fmt.Sprintf(`
[ "$1" = pack ] || exit 9
echo "$2" >> '%s'
cp '%s' fake-linux-x64-1.2.3.tgz
echo fake-linux-x64-1.2.3.tgz`, count, file)})
	return count
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
