#!/usr/bin/env bash
# Builds what the packages of one platform hold: the libraries for C, Node and Java, the archive for Go, and the Python wheel.
#
#   packaging/libraries.sh [TARGET]     # TARGET: as rustc calls it; this machine's, unless it is named
#
# They go to target/packages/TARGET. For Linux they are linked by zig, so that they run with glibc 2.17 (2012) and later. A wheel for
# free-threaded CPython is made for each interpreter that FREE_THREADED names. PROFILE=dev builds faster, to work on these scripts.
set -euo pipefail
source "$(dirname "$0")/common.sh"
triple=${1:-$(rustc -vV | sed -n 's/^host: //p')}
names "$triple"
profile=${PROFILE:-dist}
environment tools packaging/requirements.txt

flags=()
linked=(--target "$triple")
build=(cargo build)
wheel=(--target "$triple")
case $triple in
  *-linux-gnu)
    build=(cargo zigbuild)
    linked=(--target "$triple.2.17")
    wheel+=(--zig --compatibility manylinux_2_17)
    ;;
  *-linux-musl)
    # A library that is loaded takes the C library of the program that loads it.
    flags+=(-C target-feature=-crt-static)
    build=(cargo zigbuild)
    wheel+=(--zig --compatibility musllinux_1_2)
    ;;
  *-apple-darwin) export MACOSX_DEPLOYMENT_TARGET=11.0 ;;
esac
if [[ $profile != dev ]]; then
  # No path of the machine that builds is in what it builds.
  flags+=("--remap-path-prefix=$root=." "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo")
fi
# For what is shipped, and not for xtask: a flag may hold a space, and is followed by the byte 0x1f.
encoded=$(printf '%s\x1f' "${flags[@]}")
with_flags() {
  if ((${#flags[@]})); then
    CARGO_ENCODED_RUSTFLAGS=${encoded%$'\x1f'} "$@"
  else
    "$@"
  fi
}

with_flags "${build[@]}" --locked --profile "$profile" "${linked[@]}" -p llm-policy-ffi -p llm-policy-node -p llm-policy-java
built=$target/$triple/$([[ $profile == dev ]] && echo debug || echo "$profile")
out=$libraries/$triple
rm -rf "$out"
mkdir -p "$out"
cp "$built/${prefix}llm_policy.$extension" "$built/${prefix}llm_policy_node.$extension" "$built/${prefix}llm_policy_java.$extension" "$out/"
case $triple in
  *-linux-*) ffi/archive.sh "$built/libllm_policy.a" "$out/libllm_policy.a" ;;
  *-windows-*) cp "$built/llm_policy.lib" "$built/llm_policy.dll.lib" "$out/" ;;
  *) cp "$built/libllm_policy.a" "$out/" ;;
esac

# maturin packs what lies beside pyproject.toml under these names.
trap 'rm -f python/LICENSE python/LICENSE-THIRD-PARTY.txt python/sbom.cdx.json' EXIT
cp LICENSE python/
cargo xtask notices llm-policy-python pkg:pypi/llm-policy-engine python "$triple"
make_wheel() {
  (cd python && with_flags maturin build --quiet --locked --profile "$profile" "${wheel[@]}" --sbom-include sbom.cdx.json --out "$out" "$@")
}
make_wheel
for interpreter in ${FREE_THREADED:-}; do
  make_wheel --interpreter "$interpreter"
done

if [[ $triple == *-linux-* ]]; then
  scratch=$(mktemp -d)
  for file in "$out"/*.whl; do
    python -m zipfile -e "$file" "$scratch/$(basename "$file")"
  done
  find "$scratch" "$out" -name '*.so' -print0 | PROFILE=$profile xargs -0 packaging/check-elf.sh "$triple"
  rm -rf "$scratch"
fi
ls -l "$out"
