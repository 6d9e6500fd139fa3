#!/usr/bin/env bash
# Installs the C library into a scratch folder as a user would, builds the C programs against it (shared and static), and runs
# them, under valgrind where a leak would show. With a folder, the library that is installed there is used instead.
# Needs cc and pkg-config; valgrind is installed when this runs as root.
set -euo pipefail
installed=${1:+$(realpath "$1")}
cd "$(dirname "$0")/../.."

need() {
  command -v "$1" >/dev/null && return
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    apt-get install -y -qq "$2" >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq "$2" >/dev/null; }
  fi
  command -v "$1" >/dev/null || { echo "$1 is missing: install the package $2" >&2; exit 1; }
}
need cc gcc
need pkg-config pkg-config
need valgrind valgrind

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [[ -z $installed ]]; then
  installed=$scratch/installed
  make --no-print-directory install PREFIX="$installed" PROFILE=dev
fi

export PKG_CONFIG_PATH="$installed/lib/pkgconfig" LD_LIBRARY_PATH="$installed/lib"
flags=(-std=c11 -Wall -Wextra -Werror -O1 -g)
read -ra shared < <(pkg-config --cflags --libs llm-policy)
read -ra static < <(pkg-config --cflags --libs --static llm-policy | sed "s|-lllm_policy|$installed/lib/libllm_policy.a|")

echo "exported symbols"
foreign=$(nm -D --defined-only "$installed/lib/libllm_policy.so" | awk '{print $NF}' | grep -v '^lpe_' || true)
if [[ -n $foreign ]]; then
  printf 'the shared library exports more than lpe_*:\n%s\n' "$foreign" >&2
  exit 1
fi
declared=$(grep -oE '\blpe_[a-z_]+\(' ffi/include/llm_policy.h | tr -d '(' | sort -u)
exported=$(nm -D --defined-only "$installed/lib/libllm_policy.so" | awk '{print $NF}' | sort -u)
diff <(echo "$declared") <(echo "$exported") || { echo "the header and the library differ" >&2; exit 1; }

# A backtrace of the self-test's panic would keep the library's debug information in memory.
export RUST_BACKTRACE=0
# What is optimised for release tests payloads beside their tags in many places (see valgrind.supp), and its functions have no names by
# which to leave these out. So uninitialised values are looked for in the build for development, all else in both.
watch=(--quiet)
[[ -z ${1:-} ]] || watch+=(--undef-value-errors=no)
run() { valgrind "${watch[@]}" --suppressions=ffi/tests/valgrind.supp --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible "$@"; }

for kind in shared static; do
  declare -n link=$kind
  for program in examples/c/guard.c ffi/tests/smoke.c ffi/tests/conformance.c; do
    cc "${flags[@]}" "$program" -o "$scratch/$(basename "$program" .c)-$kind" "${link[@]}"
  done
done
echo '#include <llm_policy.h>
int main() { return lpe_abi_version() != LPE_ABI_VERSION; }' >"$scratch/cxx.cpp"
if command -v c++ >/dev/null; then
  c++ -Wall -Wextra -Werror "$scratch/cxx.cpp" -o "$scratch/cxx" "${shared[@]}" && "$scratch/cxx"
fi

for kind in shared static; do
  echo "examples/c/guard.c, $kind"
  said=$(run "$scratch/guard-$kind" examples/c/policy.yaml 'hello' gpt-4o-mini)
  [[ $said == "You said: hello" ]] || { echo "not expected: $said" >&2; exit 1; }
  status=0
  said=$(run "$scratch/guard-$kind" examples/c/policy.yaml 'hello' gpt-5-preview) || status=$?
  [[ $status == 1 && $said == refused:*preview* ]] || { echo "not expected ($status): $said" >&2; exit 1; }
  status=0
  said=$(run "$scratch/guard-$kind" no/such/place 'hello' gpt-5 2>&1) || status=$?
  [[ $status == 2 && $said == *no/such/place* ]] || { echo "not expected ($status): $said" >&2; exit 1; }
  echo "ffi/tests/smoke.c, $kind"
  run "$scratch/smoke-$kind" without-fork
  "$scratch/smoke-$kind"
done

echo "conformance/"
mkdir -p conformance/results
cargo xtask conformance --flat "$scratch/cases" "$scratch/files"
"$scratch/conformance-shared" "$scratch/cases" conformance/results/c.json
# What takes long without telling valgrind anything is left out. The cache of time zones holds on to its entries by pointers that
# valgrind does not follow.
run --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect "$scratch/conformance-static" "$scratch/cases" /dev/null failures/all-out-of-fuel failures/rule-out-of-fuel input/oversize text/long

echo "C: ok"
