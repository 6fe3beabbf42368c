#!/usr/bin/env bash
# Builds bin/winnow. The first build compiles the window toolkit's C code, which takes
# minutes on a small machine; later ones take seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
if [ ! -x bin/winnow ]; then
	say 'building bin/winnow (the first time takes minutes)'
fi
exec go build -tags "$(build_tags)" -o bin/winnow ./app
