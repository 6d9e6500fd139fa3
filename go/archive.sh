#!/usr/bin/env bash
# Puts the static archive of the engine where the Go package links it from: for this machine's platform, built here; or the file that
# is named, for a platform as Go calls it. What is in the archive, ffi/archive.sh says.
#
#   go/archive.sh [PLATFORM FILE]     # PLATFORM: linux_amd64 or linux_arm64
#
# PROFILE=dev builds faster, for tests. Needs cargo, and ld and objcopy from GNU binutils.
set -euo pipefail
cd "$(dirname "$0")/.."

if (($# == 2)); then
  platform=$1 archive=go/lib/$1/libllm_policy.a
  cp "$2" "$archive"
else
  case "$(uname -s) $(uname -m)" in
    "Linux x86_64") platform=linux_amd64 ;;
    "Linux aarch64") platform=linux_arm64 ;;
    *) echo "no archive is made for $(uname -s) $(uname -m): install the C library and build with -tags llmpolicy_system" >&2; exit 1 ;;
  esac
  command -v cargo >/dev/null || { echo "cargo is missing" >&2; exit 1; }
  profile=${PROFILE:-release} archive=go/lib/$platform/libllm_policy.a
  cargo build --locked --profile "$profile" ${NATIVES:--p llm-policy-ffi}
  [[ $profile == dev ]] && profile=debug
  ffi/archive.sh "${CARGO_TARGET_DIR:-target}/$profile/libllm_policy.a" "$archive"
fi
# Go does not look at archives to tell whether a program is up to date, but at this.
cat >"go/lib/$platform/archive.go" <<END
// Made by archive.sh; do not edit.

package $platform

// Archive is the SHA-256 of the archive.
const Archive = "$(sha256sum "$archive" | cut -d ' ' -f 1)"
END
echo "$archive: $(stat -c %s "$archive") bytes"
