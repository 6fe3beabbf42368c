#!/usr/bin/env bash
# Starts Winnow from nothing: installs what is missing, builds, fetches the native
# libraries, and opens the window. Without a display it asks a question about a sample
# picture instead and says which files it wrote.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

scripts/setup.sh run
scripts/build.sh
# It returns at once where they are installed, and says itself what went wrong.
bin/winnow native install cpu ||
	say 'going on without native libraries: everything works, but slowly'

if have_display; then
	exec bin/winnow "$@"
fi

sample=''
for file in assets/samples/scene01.png assets/samples/*.png assets/samples/*.jpg; do
	if [ -f "$file" ]; then
		sample=$file
		break
	fi
done
if [ -z "$sample" ]; then
	say 'there is no display, and no sample picture in assets/samples: run bin/winnow ask --image FILE --prompt QUESTION'
	exit 1
fi
say "there is no display: asking about $sample without a window"
mkdir -p out
question='What is in the picture?'
printf '%s\n' "$question"
bin/winnow ask --image "$sample" --prompt "$question" --method corematching \
	--figure out/first-light.png --trace out/first-light.jsonl
for file in out/first-light.png out/first-light.jsonl; do
	if [ ! -s "$file" ]; then
		say "$file was not written"
		exit 1
	fi
done
say 'wrote out/first-light.png (the picture with what was kept) and out/first-light.jsonl (the run; `bin/winnow open` reads it)'
