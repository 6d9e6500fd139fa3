#!/usr/bin/env bash
# Makes what the portal of Maven's central repository takes: the jars of dist/ in a repository's layout, signed by gpg's default key.
#
#   packaging/maven-bundle.sh OUT.zip
set -euo pipefail
out=$(realpath -m "$1")
source "$(dirname "$0")/common.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
into=$scratch/io/github/llmpolicyengine/llm-policy-engine/$version
mkdir -p "$into"
cp "$dist/llm-policy-engine-$version"{,-*}.jar "$dist/llm-policy-engine-$version.pom" "$into/"
cd "$into"
for file in *; do
  gpg --batch --yes --armor --detach-sign "$file"
  for sum in md5 sha1; do
    "${sum}sum" "$file" | cut -d ' ' -f 1 >"$file.$sum"
  done
done
rm -f "$out"
cd "$scratch" && zip -q -X -r "$out" io
