#!/usr/bin/env bash
# Builds the native library and writes what UniFFI makes of it: build.sh kotlin|ruby|swift DIRECTORY. The name of the library's file is
# the last line of what it prints.
set -euo pipefail
out=$(realpath -m "$2")
cd "$(dirname "$0")/../.."

command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.95 or later from https://rustup.rs" >&2; exit 1; }
case "$(uname -s)" in
  Linux) library=libllm_policy_uniffi.so ;;
  Darwin) library=libllm_policy_uniffi.dylib ;;
  *) echo "this script does not know $(uname -s)" >&2; exit 1 ;;
esac
profile=${PROFILE:-dev}
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")/$([[ $profile == dev ]] && echo debug || echo "$profile")

cargo build --locked --profile "$profile" ${NATIVES:--p llm-policy-uniffi --features bindgen} >&2
foreign=$(nm -D --defined-only "$built/$library" 2>/dev/null | awk '{print $NF}' | grep -Ev '^(uniffi|ffi)_llm_policy_uniffi_|^UNIFFI_META_' || true)
[[ -z $foreign ]] || { printf 'the native library exports more than its functions:\n%s\n' "$foreign" >&2; exit 1; }
"$built/uniffi-bindgen" generate --no-format --language "$1" --out-dir "$out" "$built/$library" >&2
echo "$built/$library"
