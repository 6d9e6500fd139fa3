#!/usr/bin/env bash
# Builds the engine for C, Java, Node and Python as it is released, and prints the folder of the libraries and that of what the
# benches make of them, in which python/ holds the Python package. Needs cargo.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# All at once, so that all stand on the same object code of the core.
cargo build --release --locked -p llm-policy-ffi -p llm-policy-java -p llm-policy-node -p llm-policy-python >&2
package=$target/borders/python
rm -rf "$package"
mkdir -p "$package" "$target/borders/java"
cp -r python/src/llm_policy_engine "$package/"
cp "$target/release/lib_native.so" "$package/llm_policy_engine/_native.abi3.so"
echo "$target/release" "$target/borders"
