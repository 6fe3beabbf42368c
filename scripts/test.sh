#!/usr/bin/env bash
# Runs every test. Needs no display of its own, and no network once it has run with one.
# Words after it go to go test: scripts/test.sh -run TestGolden
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

scripts/setup.sh test
scripts/build.sh
# Once installed these return at once. Without a network the clients would try for minutes.
export npm_config_fetch_retries="${npm_config_fetch_retries:-1}" PIP_RETRIES="${PIP_RETRIES:-1}"
for what in 'native install cpu' 'native install vulkan' 'native install mujoco' 'models install smollm2-135m'; do
	# shellcheck disable=SC2086
	bin/winnow $what || say "the tests that need \`winnow $what\` are left out"
done

test_environment
# Compile side by side, run one after the other: ggml takes every core, and two programs that
# do so slow each other down many times over.
go test -tags migrated_fynedo -run '^$' ./... >/dev/null || true
with_display go test -tags migrated_fynedo -p 1 -timeout 50m "$@" ./...
