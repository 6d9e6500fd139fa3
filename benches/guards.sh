#!/usr/bin/env bash
# Sets up Python's detectors and limiter, and runs them in turn with ours from Python and from Rust. Arguments go to the program
# `guards`, such as --quick.
# Needs cargo and Python 3.10 or later.
set -euo pipefail
cd "$(dirname "$0")"

for tool in cargo python3; do
  command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done
python/environment.sh
read -r _ built < <(./ours.sh)
export PYTHONPATH=$built/python
cargo run --release --locked --no-default-features --bin guards -- "$@"
