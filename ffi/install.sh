#!/usr/bin/env bash
# Puts the C library, its header and its pkg-config file below a folder.
#
#   ffi/install.sh BUILT FOLDER PREFIX     # PREFIX: where the pkg-config file says that they are
#
# BUILT: the folder with the libraries, of whatever platform.
set -euo pipefail
built=$(realpath "$1")
folder=$2
prefix=$3
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml" | head -n 1)
install -d "$folder/lib/pkgconfig" "$folder/include"
install -m 644 "$(dirname "$0")/include/llm_policy.h" "$folder/include/"
for library in libllm_policy.{so,dylib} llm_policy.dll; do
  [[ ! -e $built/$library ]] || install -m 755 "$built/$library" "$folder/lib/"
done
for library in libllm_policy.a llm_policy{,.dll}.lib; do
  [[ ! -e $built/$library ]] || install -m 644 "$built/$library" "$folder/lib/"
done
sed -e "s|@PREFIX@|$prefix|" -e "s|@VERSION@|$version|" "$(dirname "$0")/llm-policy.pc.in" >"$folder/lib/pkgconfig/llm-policy.pc"
