package native

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
)

// Package is one pinned archive of a package registry.
type Package struct {
	// Kind is the user's word for it: cpu, vulkan, cuda, metal, mujoco.
	Kind string
	// OS and Arch are the platform it runs on, in Go's words (GOOS, GOARCH).
	OS, Arch string
	// Client is the package client that fetches it: npm or pip.
	Client string
	// Name and Version are the registry's.
	Name, Version string
	// Integrity is the hash of the archive as the registry publishes it:
	// "sha512-" and base64 (npm) or "sha256:" and hex (pip).
	Integrity string
	// Wheel is what tells pip which of several wheels of one version is meant; nil for one
	// that every Python and platform takes.
	Wheel []string
	// Size is the archive's length in bytes; 0 means unknown.
	Size int64
	// GGML is the version of ggml inside, as its libraries report it; "" means unknown.
	GGML string
}

// host is the platform that libraries must fit.
type host struct{ os, arch string }

func thisHost() host { return host{runtime.GOOS, runtime.GOARCH} }

// The packages of node-llama-cpp: llama.cpp v0.5.0 with ggml 0.25.1 on Linux. Version
// 3.22.1 was not published for macOS and Windows when this table was made; their newest is
// 3.21.1 with llama.cpp v0.4.0 and an older ggml, which the loader must accept or refuse by
// the version that the library reports.
var table = []Package{
	npm("cpu", "linux", "amd64", "linux-x64", "3.22.1", "0.25.1", 10824547,
		"5uCCDNqWCNfaAm8aR/Uzxbo4HBpKgNF91kCHPepKhgMgV2OAmatoefbOlMihsqCiH2Od35E/eUHQCFbfRBJuOg=="),
	npm("vulkan", "linux", "amd64", "linux-x64-vulkan", "3.22.1", "0.25.1", 24311427,
		"bBxqU+JOcBu1nb5Qj2zcMci+JByT1E8EajHvYodyNfVIPkEhXh+/HMwR1/BT7xP08YK0hks+kM8fglER0P8JEg=="),
	npm("cuda", "linux", "amd64", "linux-x64-cuda", "3.22.1", "0.25.1", 142898030,
		"8rQCjyNNLZJUFit+YpjwlC4hwkKgOMIkB2wuycKBf8NU2O3ySKbiWZQ8aw9ku2nUTXjSnUIrE6KB88itduTBuA=="),
	npm("cpu", "linux", "arm64", "linux-arm64", "3.22.1", "0.25.1", 7340902,
		"W+7naKCXX9/eEjjFmRS8vvx91QyLXDbeFxexZc3bh/PtQABZgmRL3C0AtYYXn4YGTj/3Qor4lWZn2tpjZFPLdQ=="),
	npm("cpu", "linux", "arm", "linux-armv7l", "3.22.1", "0.25.1", 4342646,
		"v/pHg4BcQHRDna+YYq4vWp44HCFluar4hAiB732Pa5PF89flMXhHSku68tQn+25RJjuc3TtoeY/i57WnX9GrdQ=="),
	// Apple's package has both backends, so it answers to both words.
	npm("cpu", "darwin", "arm64", "mac-arm64-metal", "3.21.1", "0.23.0", 4858447,
		"6MIDAZV7DXD9R1+jEXWJkFuolni3GATGE6mmuyFYc6ZmtOh9djAy15df0T0AXK3sCmVKL+fQcOAWZezxx4MvQQ=="),
	npm("metal", "darwin", "arm64", "mac-arm64-metal", "3.21.1", "0.23.0", 4858447,
		"6MIDAZV7DXD9R1+jEXWJkFuolni3GATGE6mmuyFYc6ZmtOh9djAy15df0T0AXK3sCmVKL+fQcOAWZezxx4MvQQ=="),
	npm("cpu", "darwin", "amd64", "mac-x64", "3.21.1", "0.23.0", 10809280,
		"Q4nyNmbcNiKygBZQZjX+qLk2w3YzoiFpLWsxNURQN7xjyUi2p2rWxjRa7Otg0FrjGf/ri4aQ+X3Uj5Y0zD06eg=="),
	npm("cpu", "windows", "amd64", "win-x64", "3.21.1", "0.23.0", 9787045,
		"JcIpCnra7bAd7JNWA8ehdn2DIRaTMuj+fBC8bw+5rKSNzszWFbuj2XA05c5QHovonDMBLN1ePXE/hcfZtzXoUQ=="),
	npm("vulkan", "windows", "amd64", "win-x64-vulkan", "3.21.1", "0.23.0", 26619567,
		"HJ237Azh5m4Sz+w3A1IU/fYLaSDOocskcfn2ILTgqTuuORCB86EMnu3Yt/XsNhRHTtEiwz1Q/E0mO4PLIbZLAA=="),
	npm("cuda", "windows", "amd64", "win-x64-cuda", "3.21.1", "0.23.0", 0,
		"PLz70neFEMkQTlmJqG1ujUtCSgHasLPMxQ9rLkqQVmZYAXqkRj+45TIHCjdn3XqUeaoun0vrO9rRaxZ8NVq9jg=="),
	npm("cpu", "windows", "arm64", "win-arm64", "3.21.1", "0.23.0", 4606830,
		"/UDR7Y0B8iKfc/tqxBmWkcgRdZQ9Wrkwod7fYl4J6iZXcTIj286RkHvZSED7VMY67TrcUXVvxJVMNFtmjeYnDg=="),
}

func npm(kind, os, arch, platform, version, ggml string, size int64, sha512 string) Package {
	return Package{Kind: kind, OS: os, Arch: arch, Client: "npm", Name: "@node-llama-cpp/" + platform,
		Version: version, Integrity: "sha512-" + sha512, Size: size, GGML: ggml}
}

// Available lists the packages pinned for this platform, cpu first.
func Available() []Package { return available(table, thisHost()) }

func available(table []Package, h host) []Package {
	var out []Package
	for _, p := range table {
		if p.OS == h.os && p.Arch == h.arch {
			out = append(out, p)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return rank(out[i].Kind) > rank(out[j].Kind) })
	return out
}

// preference orders the kinds that "auto" tries: a GPU that the user asked to install
// comes before the processor.
var preference = []string{"metal", "cuda", "vulkan", "cpu"}

func rank(kind string) int {
	for i, k := range preference {
		if k == kind {
			return i
		}
	}
	return -1
}

// choose finds the pinned package of a kind. "" and "auto" mean the first that is
// available, which is cpu wherever there is one.
func choose(table []Package, h host, kind string) (Package, error) {
	have := available(table, h)
	if len(have) == 0 {
		return Package{}, fmt.Errorf("no native libraries are pinned for %s/%s: build ggml from source and set WINNOW_NATIVE to its directory, or use --device ref", h.os, h.arch)
	}
	if kind == "" || kind == "auto" {
		return have[0], nil
	}
	var kinds []string
	for _, p := range have {
		if p.Kind == kind {
			return p, nil
		}
		kinds = append(kinds, p.Kind)
	}
	return Package{}, fmt.Errorf("no native libraries of kind %q for %s/%s: choose %s", kind, h.os, h.arch, strings.Join(kinds, ", "))
}
