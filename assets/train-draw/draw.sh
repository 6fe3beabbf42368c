#!/usr/bin/env bash
# Trains the built-in text-to-picture model and exports it: `make draw-model MINUTES=20`.
#
#   MINUTES  wall time of the training (20)        CONFIG   a name in configs/ (draw-8.9m)
#   OUT      where all is written (out/draw)       FROM     a state.pt to begin from (none)
#   SPRITES  folder of STYLE/NAME.png, as assets/scenes/fetch makes it (what is in the painter)
#   STYLES   by commas (noto); one style is learnt soonest
#   FLAGS    more for train.py, such as "--compile" or "--batch 256 --readers 8"
#   PYTHON   an interpreter that has requirements.txt (else a venv is made in OUT)
#
# The same command goes on where the last one stopped; a finished run needs a new OUT.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${OUT:-out/draw} config=${CONFIG:-draw-8.9m} minutes=${MINUTES:-20}
draw=assets/train-draw
mkdir -p "$out"
out=$(cd "$out" && pwd)

python=${PYTHON:-$out/venv/bin/python}
if [ -z "${PYTHON:-}" ]; then
	[ -x "$python" ] || python3 -m venv "$out/venv"
	"$python" -m pip install -q -r $draw/requirements.txt
fi
go build -o "$out/paint" ./assets/scenes/paint

options=(--styles "${STYLES:-noto}")
[ -z "${SPRITES:-}" ] || options+=(--painter-args="-sprites $(cd "$SPRITES" && pwd)")
[ -z "${FROM:-}" ] || options+=(--from "$FROM")
export PYTHONDONTWRITEBYTECODE=1
# glibc would give memory back to the system after every step, and fetch it anew.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000
# shellcheck disable=SC2086
"$python" $draw/train.py --config "$config" --out "$out" --painter "$out/paint" --minutes "$minutes" \
	"${options[@]}" ${FLAGS:-}
"$python" $draw/draw_curves.py "$out/log.jsonl" "$out/curves.png"
"$python" $draw/sample.py "$out/state.pt" "$out/samples.png"
"$python" $draw/export.py "$out/state.pt" "$out/$config" --type f16
"$python" $draw/export.py "$out/state.pt" "$out/$config-q8_0" --type q8_0
