#!/usr/bin/env bash
# Records demonstrations, trains a stem, from it the variants of the built-in policy, and exports them:
# `make robot-model`.
#
#   VARIANTS  in this order (dense stage1 cogvla autoregressive)
#   CONFIG    a name in configs/ (robot-3.7m)
#   STEM      steps of the stem (6000); 0: each variant begins with nothing
#   STEPS     steps of each variant (1500): equal for all, so the comparison is fair
#   MINUTES   ends each training by the clock too
#   OUT       where all is written (out/robot)       DEMOS    shards that are there already (else recorded)
#   EPISODES  how many to record (4000)              EVERY    steps from picture to picture (4)
#   AT_ONCE   1 trains all variants side by side, for a GPU with cores to spare
#   FLAGS     more for train.py, such as "--threads 1" or "--batch 16"
#   PYTHON    an interpreter that has requirements.txt (else a venv is made in OUT)
#
# The same command goes on where the last one stopped. With DEMOS and PYTHON it needs no Go, no simulator
# and no network; without the package gguf it leaves VARIANT.pt to be exported elsewhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${OUT:-out/robot} config=${CONFIG:-robot-3.7m} stem=${STEM:-6000} steps=${STEPS:-1500}
robot=assets/train-robot
mkdir -p "$out"
out=$(cd "$out" && pwd)

python=${PYTHON:-$out/venv/bin/python}
if [ -z "${PYTHON:-}" ]; then
	[ -x "$python" ] || python3 -m venv "$out/venv"
	"$python" -m pip install -q -r $robot/requirements.txt
fi
export PYTHONDONTWRITEBYTECODE=1
# glibc would give memory back to the system after every step, and fetch it anew.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000

demos=${DEMOS:-$out/demos}
if [ -z "${DEMOS:-}" ] && [ ! -e "$out/demos/0000.demos" ]; then
	size=$("$python" -c "import sys; sys.path.insert(0, '$robot'); import recipe; print(recipe.load('$config').image)")
	go build -o "$out/record" ./robotics/demos/record
	# Whole, or not at all: what a stopped recording left is no data set.
	rm -rf "$out/demos.part"
	"$out/record" -shards "$out/demos.part" -count "${EPISODES:-4000}" -every "${EVERY:-4}" -size "$size" -workers 2
	mv "$out/demos.part" "$out/demos"
fi

train() { # VARIANT STEPS …
	# shellcheck disable=SC2086
	"$python" $robot/train.py --config "$config" --variant "$1" --out "$out/$1" --shards "$demos" --stage-steps "$2" \
		${MINUTES:+--minutes "$MINUTES"} "${@:3}" ${FLAGS:-}
}

[ "$stem" = 0 ] || train stem "$stem"

one() { # VARIANT
	case "$stem $1" in
	0\ *) train "$1" "$steps" ;;
	*\ autoregressive) train "$1" "$steps" --from "$out/stem/state.pt" --stage cooldown ;; # it has no FiLM
	*) train "$1" "$steps" --eyes "$out/stem/state.pt" --stage cooldown ;;
	esac
	"$python" $robot/export.py "$out/$1/state.pt" "$out/$1.pt" --type averaged
	if "$python" -c 'import gguf' 2>/dev/null; then
		"$python" $robot/export.py "$out/$1.pt" "$out/policy-$1" --type q8_0 --shards "$demos"
	else
		echo "the package gguf is not here: export $out/$1.pt with export.py elsewhere"
	fi
}

states=() jobs=()
for v in ${VARIANTS:-dense stage1 cogvla autoregressive}; do
	states+=("$out/$v.pt")
	if [ "${AT_ONCE:-}" = 1 ]; then
		echo "$v: see $out/$v.txt"
		one "$v" >"$out/$v.txt" 2>&1 &
		jobs+=($!)
	else
		one "$v"
	fi
done
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
[ $failed = 0 ] || { echo "a variant did not end well: see $out/*.txt" >&2; exit 1; }
"$python" $robot/latency.py "${states[@]}" | tee "$out/latency.txt"
