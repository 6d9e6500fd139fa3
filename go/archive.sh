#!/usr/bin/env bash
# Makes the static archive of the engine for this machine's platform and puts it where the Go package links it from.
#
# The library is linked into one object in which only the names of the C interface are left to others. So a Go program can
# link this archive beside another one that was written in Rust: their standard libraries do not meet.
#
# PROFILE=dev builds faster, for tests. Needs cargo, and ld and objcopy from GNU binutils.
set -euo pipefail
cd "$(dirname "$0")/.."

case "$(uname -s) $(uname -m)" in
  "Linux x86_64") platform=linux_amd64 ;;
  "Linux aarch64") platform=linux_arm64 ;;
  *) echo "no archive is made for $(uname -s) $(uname -m): install the C library and build with -tags llmpolicy_system" >&2; exit 1 ;;
esac
for tool in cargo ld objcopy ar; do
  command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done

profile=${PROFILE:-release}
cargo build --locked --profile "$profile" -p llm-policy-ffi
[[ $profile == dev ]] && profile=debug
built=${CARGO_TARGET_DIR:-target}/$profile/libllm_policy.a

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
grep -oE '\blpe_[a-z_]+\(' ffi/include/llm_policy.h | tr -d '(' | sort -u >"$scratch/names"
mapfile -t roots < <(sed 's/^/--undefined=/' "$scratch/names")
# Without the bitcode that the standard library carries for link-time optimisation.
objcopy --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd "$built" "$scratch/stripped.a"
# Without section groups: of two groups of one name, such as that of the reference to Rust's personality routine, the linker
# of the program keeps one, and the other archive's panics would end in what was thrown away.
ld --relocatable --force-group-allocation --gc-sections "${roots[@]}" "$scratch/stripped.a" -o "$scratch/whole.o"
objcopy --keep-global-symbols="$scratch/names" --strip-unneeded "$scratch/whole.o" "$scratch/llm_policy.o"

archive=go/lib/$platform/libllm_policy.a
rm -f "$archive"
ar rcsD "$archive" "$scratch/llm_policy.o"
# Go does not look at archives to tell whether a program is up to date, but at this.
cat >"go/lib/$platform/archive.go" <<END
// Made by archive.sh; do not edit.

package $platform

// Archive is the SHA-256 of the archive.
const Archive = "$(sha256sum "$archive" | cut -d ' ' -f 1)"
END
echo "$archive: $(stat -c %s "$archive") bytes"
