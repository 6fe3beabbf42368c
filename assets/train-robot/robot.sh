#!/usr/bin/env bash
# Records demonstrations, trains a stem, from it the variants of the built-in policy, and exports them:
# `make robot-model`.
#
#   VARIANTS  in this order (dense cogvla; with STEPS stage1 and autoregressive too)
#   CONFIG    a name in configs/ (robot-3.7m)
#   STEM      steps of the stem (6000); 0: each variant begins with nothing
#   STEPS     more steps of each variant by itself, equal for all; 0: dense and cogvla as the stem has them (0)
#   MINUTES   ends each training by the clock too
#   OUT       where all is written (out/robot)       DEMOS    shards that are there already (else recorded)
#   EPISODES  how many to record (8000)              EVERY    steps from picture to picture (4)
#   LEARNER   how many more, in which the stem acts first (EPISODES / 4); 0: none, as with DEMOS or STEM=0
#   AT_ONCE   1 trains all variants side by side, for a GPU with cores to spare
#   FLAGS     more for train.py, such as "--batch 16" (without a GPU "--threads 1 --workers 2")
#   PYTHON    an interpreter that has requirements.txt (else a venv is made in OUT)
#
# The same command goes on where the last one stopped. With DEMOS and PYTHON it needs no Go, no simulator
# and no network; without the package gguf it leaves VARIANT.pt to be exported elsewhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${OUT:-out/robot} config=${CONFIG:-robot-3.7m} stem=${STEM:-6000} steps=${STEPS:-0}
[ "$steps" != 0 ] && variants=${VARIANTS:-dense stage1 cogvla autoregressive} || variants=${VARIANTS:-dense cogvla}
case "$stem $steps $variants" in
0\ 0\ * | *\ 0\ *autoregressive*) echo "STEPS says how long variants are trained that no stem has" >&2; exit 2 ;;
esac
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

flags=${FLAGS---threads 1 --workers 2}
[ -n "${FLAGS+set}" ] || ! "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' || flags=
demos=${DEMOS:-$out/demos} episodes=${EPISODES:-8000} every=${EVERY:-4}
record() { # FOLDER COUNT SEED …: two processes, since pictures of one are painted one after the other
	# Whole, or not at all: what a stopped recording left is no data set.
	rm -rf "$1.part"
	local half=$(($2 / 2)) size jobs=() failed=0
	size=$("$python" -c "import sys; sys.path.insert(0, '$robot'); import recipe; print(recipe.load('$config').image)")
	go build -o "$out/record" ./robotics/demos/record
	for i in 0 1; do
		"$out/record" -shards "$1.part/$i" -seed $(($3 + i * half)) -count $half -every "$every" -size "$size" "${@:4}" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job" || failed=1; done
	[ $failed = 0 ] || { echo "the recorder did not end well: run the same command again" >&2; exit 1; }
	mv "$1.part" "$1"
}
mkdir -p "$demos"
[ -n "${DEMOS:-}" ] || [ -e "$demos/expert" ] || record "$demos/expert" "$episodes" 1

train() { # VARIANT STEPS …
	# shellcheck disable=SC2086
	"$python" $robot/train.py --config "$config" --variant "$1" --out "$out/$1" --shards "$demos" --stage-steps "$2" \
		${MINUTES:+--minutes "$MINUTES"} "${@:3}" $flags
}

[ "$stem" = 0 ] || train stem "$stem"
learner=${LEARNER:-$((episodes / 4))}
if [ "$stem" != 0 ] && [ -z "${DEMOS:-}" ] && [ "$learner" != 0 ] && [ ! -e "$demos/learner" ]; then
	"$python" $robot/export.py "$out/stem/state.pt" "$out/learner" --variant cogvla
	record "$demos/learner" "$learner" 1000001 -learner "$out/learner" -method cogvla,schedule=deep_all,average=0.5 -lead 90
fi

one() { # VARIANT
	case "$stem $steps $1" in
	*\ 0\ *) "$python" $robot/export.py "$out/stem/state.pt" "$out/$1.pt" --type averaged --variant "$1" ;;
	0\ *) train "$1" "$steps" ;;
	*\ autoregressive) train "$1" "$steps" --from "$out/stem/state.pt" --stage cooldown ;; # it has no FiLM
	*) train "$1" "$steps" --eyes "$out/stem/state.pt" --from "$out/stem/state.pt" --stage cooldown ;;
	esac
	[ "$steps" = 0 ] || "$python" $robot/export.py "$out/$1/state.pt" "$out/$1.pt" --type averaged
	if "$python" -c 'import gguf' 2>/dev/null; then
		"$python" $robot/export.py "$out/$1.pt" "$out/policy-$1" --type q8_0 --shards "$demos"
	else
		echo "the package gguf is not here: export $out/$1.pt with export.py elsewhere"
	fi
}

states=() jobs=()
for v in $variants; do
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
