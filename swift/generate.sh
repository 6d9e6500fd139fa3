#!/usr/bin/env bash
# Writes what UniFFI makes for Swift to swift/generated (or the directory that is named): LlmPolicyEngine.swift, LlmPolicyEngineFFI.h and
# LlmPolicyEngineFFI.modulemap. Needs cargo, and no Swift.
set -euo pipefail
out=$(realpath -m "${1:-$(dirname "$0")/generated}")
cd "$(dirname "$0")/.."
library=$(bindings/uniffi/build.sh swift "$out")
for name in LlmPolicyEngine.swift LlmPolicyEngineFFI.h LlmPolicyEngineFFI.modulemap; do
  [[ -s $out/$name ]] || { echo "UniFFI has made no $name" >&2; exit 1; }
done
echo "Swift: generated in $out, to be compiled with $library; nothing was compiled or tried"
