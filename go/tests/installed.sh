#!/usr/bin/env bash
# Uses the module in an empty project, as the go command gets it from a proxy, plain and vendored.
#
#   go/tests/installed.sh MODULE.zip     # what go/module.sh made
set -euo pipefail
zip=$(realpath "$1")
cd "$(dirname "$0")"
module=github.com/llm-policy-engine/llm-policy-engine/go
version=v$(sed -n 's/^version = "\(.*\)"/\1/p' ../../Cargo.toml | head -n 1)
scratch=$(mktemp -d)
# What is in the module cache may only be read.
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT

proxy=$scratch/proxy/$module/@v
mkdir -p "$proxy"
cp "$zip" "$proxy/$version.zip"
unzip -p "$zip" "$module@$version/go.mod" >"$proxy/$version.mod"
echo "{\"Version\": \"$version\", \"Time\": \"2026-01-01T00:00:00Z\"}" >"$proxy/$version.info"
echo "$version" >"$proxy/list"
export GOPROXY=file://$scratch/proxy GOSUMDB=off GOFLAGS='-mod=mod -buildvcs=false' GOTOOLCHAIN=local GOWORK=off GOMODCACHE=$scratch/cache

expected=$'gpt-5 allow \ngpt-5-preview deny no-previews'
says() { # what it is, then the command
  local what=$1 said
  shift
  said=$("$@")
  [[ $said == "$expected" ]] || { printf '%s says:\n%s\n' "$what" "$said" >&2; exit 1; }
  echo "$what: ok"
}
cp -r consumer "$scratch/consumer"
cd "$scratch/consumer"
go get "$module@$version"
says "an empty project" go run .
go mod vendor
archive=vendor/$module/lib/$(go env GOOS)_$(go env GOARCH)/libllm_policy.a
[[ -s $archive ]] || { echo "go mod vendor leaves the archive out" >&2; exit 1; }
says "vendored" go run -mod=vendor .
