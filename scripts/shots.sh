#!/usr/bin/env bash
# Makes assets/screenshots anew from the running window. The tests called TestShots write
# there when WINNOW_SHOTS names the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
scripts/setup.sh test
test_environment
mkdir -p assets/screenshots
WINNOW_SHOTS="$PWD/assets/screenshots" with_display \
	go test -tags migrated_fynedo -count=1 -timeout 20m -run '^TestShots' ./app/...
say 'wrote:'
ls assets/screenshots >&2
