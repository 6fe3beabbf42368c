#!/usr/bin/env bash
# Trains the built-in model and exports it: `make model MINUTES=20`.
#
#   MINUTES  wall time of the training (20)      CONFIG   a name in configs/ (sprites-5.7m)
#   OUT      where all is written (out/model)    FROM     weights to start from (none)
#   SPRITES  folder of STYLE/NAME.png, as assets/scenes/fetch makes it (what is in the painter)
#   WALLS    folder of pictures behind 7 of 10 scenes (none)
#   STYLES   by commas; never twemoji, which the benchmark holds out (noto; all others in SPRITES)
#   FLAGS    more for train.py, such as "--compile" or "--readers 9 --repeat 2 --compile"
#   PYTHON   an interpreter that has requirements.txt (else a venv is made in OUT)
#
# The same command goes on where the last one stopped; a finished run needs a new OUT.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${OUT:-out/model} config=${CONFIG:-sprites-5.7m} minutes=${MINUTES:-20}
train=assets/train
mkdir -p "$out"
out=$(cd "$out" && pwd)

python=${PYTHON:-$out/venv/bin/python}
if [ -z "${PYTHON:-}" ]; then
	[ -x "$python" ] || python3 -m venv "$out/venv"
	"$python" -m pip install -q -r $train/requirements.txt
fi
go build -o "$out/paint" ./assets/scenes/paint

styles=${STYLES:-noto} scenes=""
if [ -n "${SPRITES:-}" ]; then
	SPRITES=$(cd "$SPRITES" && pwd)
	styles=${STYLES:-$(ls "$SPRITES" | grep -v '^twemoji$' | paste -sd,)}
	scenes="-sprites $SPRITES "
fi
scenes+="-styles $styles"
[ -z "${WALLS:-}" ] || scenes+=" -wallpapers $(cd "$WALLS" && pwd)"
from=()
[ -z "${FROM:-}" ] || from=(--from "$FROM")
export PYTHONDONTWRITEBYTECODE=1
# shellcheck disable=SC2086
"$python" $train/train.py --config "$config" --out "$out" --painter "$out/paint" \
	--painter-args="-augment $scenes" --minutes "$minutes" "${from[@]}" ${FLAGS:-}
"$python" $train/curves.py "$out/log.jsonl" "$out/curves.png"
"$python" $train/export.py "$out/state.pt" "$out/$config" --gguf "$out/gguf"
"$python" $train/evaluate.py "$out/state.pt" --config "$config" --painter "$out/paint" \
	--painter-args="$scenes" --scenes 16 | tee "$out/quick.json"
