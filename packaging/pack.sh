#!/usr/bin/env bash
# Makes all packages, of the libraries that libraries.sh has built for one platform or more, and puts them into dist/: the wheels and the
# source of Python, the tarballs of npm, the jars, the module of Go, an archive for C for each platform, and checksums.
# PROFILE=dev: the libraries are such.
set -euo pipefail
source "$(dirname "$0")/common.sh"
mapfile -t triples < <(cd "$libraries" 2>/dev/null && ls)
((${#triples[@]})) || { echo "nothing is built: run packaging/libraries.sh first" >&2; exit 1; }
for tool in java mvn npm zip; do
  command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done
environment tools packaging/requirements.txt
rm -rf "$dist"
mkdir -p "$dist"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch" python/LICENSE' EXIT

echo "Python"
cp LICENSE python/
(cd python && maturin sdist --out "$dist")
for triple in "${triples[@]}"; do
  cp "$libraries/$triple"/*.whl "$dist/"
done

echo "Node"
addons=()
for triple in "${triples[@]}"; do
  names "$triple"
  mkdir -p "$scratch/npm/$npm"
  cargo xtask notices llm-policy-node "pkg:npm/llm-policy-engine-$npm" "$scratch/npm/$npm" "$triple"
  cp "$libraries/$triple/${prefix}llm_policy_node.$extension" "$scratch/npm/$npm/"
  addons+=("$npm=$scratch/npm/$npm/${prefix}llm_policy_node.$extension")
done
node node/scripts/pack.mjs "$dist" "${addons[@]}" >/dev/null

echo "Java"
natives=$scratch/natives
mkdir -p "$natives/META-INF"
platforms=()
for triple in "${triples[@]}"; do
  names "$triple"
  platforms+=("$java")
  mkdir -p "$natives/META-INF/native/$java"
  cp "$libraries/$triple/${prefix}llm_policy_java.$extension" "$natives/META-INF/native/$java/"
done
cargo xtask notices llm-policy-java pkg:maven/io.github.llmpolicyengine/llm-policy-engine "$natives/META-INF" "${triples[@]}"
maven=(mvn -q -B -Dstyle.color=never -f java/pom.xml -Dnatives="$natives" -Djars="$scratch/jars" -DskipTests
  -Dproject.build.outputTimestamp="$SOURCE_DATE_EPOCH")
rm -rf java/target/classes
"${maven[@]}" -Prelease package -Dplatform="${platforms[0]}"
for platform in "${platforms[@]:1}"; do
  "${maven[@]}" jar:jar@platform -Dplatform="$platform"
done
for kind in '' -sources -javadoc "${platforms[@]/#/-}"; do
  cp "java/target/llm-policy-engine-$version$kind.jar" "$dist/"
done
cp java/pom.xml "$dist/llm-policy-engine-$version.pom"

echo "C and Go"
for triple in "${triples[@]}"; do
  names "$triple"
  name=llm-policy-engine-c-$version-$triple
  ffi/install.sh "$libraries/$triple" "$scratch/$name" "\${pcfiledir}/../.."
  doc=$scratch/$name/share/doc/llm-policy-engine
  mkdir -p "$doc"
  cp LICENSE "$doc/"
  cargo xtask notices llm-policy-ffi pkg:generic/llm-policy-engine "$doc" "$triple"
  tar --create --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s --mtime="@$SOURCE_DATE_EPOCH" \
    --directory "$scratch" "$name" | gzip --no-name --best >"$dist/$name.tar.gz"
  [[ -z $go ]] || go/archive.sh "$go" "$libraries/$triple/libllm_policy.a"
done
go/module.sh "$dist/llm-policy-engine-go-$version.zip" "${triples[@]}"

(cd "$dist" && sha256sum -- * >SHA256SUMS)
(cd "$dist" && ls -l)
