# Shared by the other scripts, which source it from the repository's root.
# shellcheck shell=bash

say() { printf 'winnow: %s\n' "$*" >&2; }

# have_display tells whether a window can be opened: on macOS and Windows always, elsewhere
# where a display server is set and its socket answers to its name.
have_display() {
	case "$(uname -s)" in
	Darwin | MINGW* | MSYS* | CYGWIN*) return 0 ;;
	esac
	have_x11 || have_wayland
}

have_x11() {
	local number
	case "${DISPLAY:-}" in
	'') return 1 ;;
	:* | unix:*) # a server on this machine
		number=${DISPLAY#*:}
		number=${number%%.*}
		[ -S "/tmp/.X11-unix/X$number" ] || grep -qsF "@/tmp/.X11-unix/X$number" /proc/net/unix
		;;
	*) return 0 ;; # a forwarded one: only opening a window would tell
	esac
}

have_wayland() {
	case "${WAYLAND_DISPLAY:-}" in
	'') return 1 ;;
	/*) [ -S "$WAYLAND_DISPLAY" ] ;;
	*) [ -S "${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/$WAYLAND_DISPLAY" ] ;;
	esac
}

# build_tags are what the program is compiled with. A Wayland session without its X server
# needs Fyne's other driver.
build_tags() {
	if [ "$(uname -s)" = Linux ] && ! have_x11 && have_wayland; then
		echo migrated_fynedo,wayland
	else
		echo migrated_fynedo
	fi
}

# with_display runs a command on the display that is there, or on a virtual one.
with_display() {
	if have_display; then
		"$@"
	else
		xvfb-run --auto-servernum --server-args='-screen 0 1600x1000x24 -nolisten tcp' "$@"
	fi
}

# test_environment sets what tests and reference data need. The data folder lies beside the
# repository where its developers have it; tests leave out only what needs it.
test_environment() {
	local name
	case "$(locale -a 2>/dev/null)" in
	*en_US.utf8* | *en_US.UTF-8*) export LANG=en_US.UTF-8 ;;
	*) export LANG=C.UTF-8 ;;
	esac
	unset LC_ALL
	# Only the first GPU, and where there is none Mesa's software one, which ggml leaves out
	# unless it is named.
	export GGML_VK_VISIBLE_DEVICES="${GGML_VK_VISIBLE_DEVICES:-0}"
	if [ -d ../shared ]; then
		local shared
		shared=$(cd ../shared && pwd)
		for name in GOLDEN:golden GOLDEN_HF:golden-hf VOCAB:vocab MODELS:models PHOTOS:photos; do
			if [ -d "$shared/${name#*:}" ]; then
				export "WINNOW_${name%%:*}=$shared/${name#*:}"
			fi
		done
	fi
}
