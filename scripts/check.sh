#!/usr/bin/env bash
# The checks that take seconds: format, vet, staticcheck, layering.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

unformatted=$(find . -name '*.go' -not -path './.git/*' -exec gofmt -l {} +)
if [ -n "$unformatted" ]; then
	say "not formatted, run gofmt -w on:"
	printf '%s\n' "$unformatted" >&2
	exit 1
fi
go vet -tags migrated_fynedo ./...
go run "$staticcheck" -tags migrated_fynedo ./...
go test ./internal/layering
say 'all checks pass'
