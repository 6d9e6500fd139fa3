#!/usr/bin/env bash
# Makes a static library in which only the names of the C interface are left to others, of the one that Cargo built. So a program
# can link it beside another one that was written in Rust: their standard libraries do not meet.
#
#   ffi/archive.sh BUILT OUT     # two files, libllm_policy.a both
#
# Needs ld and objcopy from GNU binutils, for the platform of the library.
set -euo pipefail
built=$(realpath "$1")
out=$(realpath -m "$2")
cd "$(dirname "$0")"
for tool in ld objcopy ar; do
  command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
grep -oE '\blpe_[a-z_]+\(' include/llm_policy.h | tr -d '(' | sort -u >"$scratch/names"
mapfile -t roots < <(sed 's/^/--undefined=/' "$scratch/names")
# Without the bitcode that the standard library carries for link-time optimisation.
objcopy --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd "$built" "$scratch/stripped.a"
# Without section groups: of two groups of one name, such as that of the reference to Rust's personality routine, the linker
# of the program keeps one, and the other archive's panics would end in what was thrown away.
ld --relocatable --force-group-allocation --gc-sections "${roots[@]}" "$scratch/stripped.a" -o "$scratch/whole.o"
objcopy --keep-global-symbols="$scratch/names" --strip-unneeded "$scratch/whole.o" "$scratch/llm_policy.o"
rm -f "$out"
ar rcsD "$out" "$scratch/llm_policy.o"
