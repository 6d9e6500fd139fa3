#!/usr/bin/env bash
# Makes the archive and runs all tests of the Go package: its own, under the race detector; a program in an empty project with the
# module from its file, and with a system's library; and a program that links another archive that was written in Rust.
# Needs go 1.24 or later, cargo, cc, ld, objcopy and pkg-config.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
module=github.com/llm-policy-engine/llm-policy-engine/go

for tool in go cargo cc ld objcopy pkg-config; do
  command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOWORK=off
PROFILE=${PROFILE:-dev} go/archive.sh

cd "$root/go"
archive=lib/$(go env GOOS)_$(go env GOARCH)/libllm_policy.a
foreign=$(nm --defined-only --extern-only "$archive" | awk 'NF == 3 && $3 !~ /^lpe_/ {print $3}')
[[ -z $foreign ]] || { printf 'the archive shows more than lpe_*:\n%s\n' "$foreign" >&2; exit 1; }
cmp llm_policy.h "$root/ffi/include/llm_policy.h" || { echo "go/llm_policy.h is old: run cargo xtask gen" >&2; exit 1; }
unformatted=$(gofmt -l .)
[[ -z $unformatted ]] || { echo "not as gofmt writes it: $unformatted" >&2; exit 1; }
go vet ./...
go test -race -count=1 ./...
(cd "$root/examples/go" && go vet . && go test -count=1 .)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
expected=$'gpt-5 allow \ngpt-5-preview deny no-previews'
says() { # what it is, then the command
  local what=$1 said
  shift
  said=$("$@")
  [[ $said == "$expected" ]] || { printf '%s says:\n%s\n' "$what" "$said" >&2; exit 1; }
  echo "$what: ok"
}

project() { # a project made of a folder here, with the module replaced by the checkout
  cp -r "$root/go/tests/$1" "$scratch/$1"
  cd "$scratch/$1"
  go mod edit -require "$module@v0.0.0" -replace "$module=$root/go"
}
"$root/go/module.sh" "$scratch/module.zip"
"$root/go/tests/installed.sh" "$scratch/module.zip"

project consumer
system=$(cd "$root" && realpath -m "${CARGO_TARGET_DIR:-target}/go-system")
make --no-print-directory -s -C "$root" install PREFIX="$system" PROFILE="${PROFILE:-dev}" >/dev/null
# Go remembers what pkg-config said; CGO_LDFLAGS is what tells it that this is another place.
says "with the system's library" env PKG_CONFIG_PATH="$system/lib/pkgconfig" CGO_LDFLAGS="-L$system/lib" \
  LD_LIBRARY_PATH="$system/lib" go run -tags llmpolicy_system .

project beside
rustc --crate-type staticlib --edition 2024 -O -o libsecond.a second.rs
go build -o beside .
./beside 2>beside.log || { cat beside.log >&2; exit 1; }
echo "beside another Rust archive: ok"
