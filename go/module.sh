#!/usr/bin/env bash
# Packs the Go module as the go command packs one: what git has of this folder, tests of the package as a whole left out, with the
# archives that archive.sh has put there and, where targets are named, the licences and the bill of materials of what is in them.
#
#   go/module.sh OUT.zip [TARGET...]     # TARGET: as rustc calls it
set -euo pipefail
out=$(realpath -m "$1")
shift
cd "$(dirname "$0")/.."
module=$(sed -n 's/^module //p' go/go.mod)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

into=$scratch/$module@v$version
mkdir -p "$into"
(cd go && git ls-files . ':!tests' ':!*.sh' && ls lib/*/libllm_policy.a lib/*/archive.go) | (cd go && xargs cp --parents -t "$into")
cp LICENSE "$into/"
if (($#)); then
  cargo xtask notices llm-policy-ffi "pkg:golang/$module" "$into" "$@"
fi
find "$scratch" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:-315532800}" {} +
rm -f "$out"
(cd "$scratch" && find . -type f | LC_ALL=C sort | TZ=UTC zip -q -X -9 -@ "$out")
