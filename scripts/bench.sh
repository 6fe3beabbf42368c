#!/usr/bin/env bash
# Measures Winnow against libllama and the methods against each other, on the built-in model
# and on SmolLM2. The numbers go to out/bench-vlm.json and out/bench-llm.json.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
scripts/setup.sh run
scripts/build.sh
bin/winnow native install cpu
bin/winnow models install smollm2-135m
mkdir -p out
for what in vlm llm; do
	bin/winnow bench "$what" --json >"out/bench-$what.json"
	say "wrote out/bench-$what.json"
	cat "out/bench-$what.json"
done
