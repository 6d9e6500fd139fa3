#!/usr/bin/env bash
# Builds the wheel in a build for development, installs it beside what the tests need, and runs the tests on every CPython from 3.10 on
# that is found; types, documentation and the packaging are checked on one of them. `run.sh long` runs what takes minutes, with LiteLLM.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(cd .. && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
case $target in /*) ;; *) target=$root/$target ;; esac
export CARGO_TARGET_DIR=$target

usable() { "$1" -c 'import sys, venv; sys.exit(sys.implementation.name != "cpython" or sys.version_info < (3, 10))' 2>/dev/null; }
declare -A found=()
for python in ${PYTHONS:-} python3 python3.{10..14} python3.{13,14}t "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
  path=$(command -v "$python") && usable "$path" || continue
  version=$("$path" -c 'import sys, sysconfig; print("%d.%d" % sys.version_info[:2] + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""))')
  found[$version]=${found[$version]:-$path}
done
((${#found[@]})) || { echo "no CPython 3.10 or later is found: install one, or name it in PYTHONS" >&2; exit 1; }
readarray -t versions < <(printf '%s\n' "${!found[@]}" | sort -V)
main=${versions[0]}
for preferred in 3.12 3.11; do [[ -n ${found[$preferred]:-} ]] && main=$preferred && break; done

# A virtual environment for one interpreter, kept from run to run.
environment() {
  local venv=$target/python-tests/$1
  if ! cmp -s tests/requirements.txt "$venv/requirements.txt"; then
    rm -rf "$venv"
    "${found[${1%-*}]}" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2" ${3:-}
    cp tests/requirements.txt "$venv/requirements.txt"
  fi
}

build() {
  rm -rf "$target/wheels/$1"
  "$target/python-tests/$main/bin/maturin" build --quiet --locked --profile dev --interpreter "$target/python-tests/$1/bin/python" \
    --out "$target/wheels/$1"
}

run() {
  local venv=$target/python-tests/$1
  shift
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$LLM_POLICY_WHEEL"
  PATH=$venv/bin:$PATH "$venv/bin/python" -m pytest "$@"
}

environment "$main" tests/requirements.txt
build "$main"
LLM_POLICY_WHEEL=$(echo "$target/wheels/$main"/*.whl)
export LLM_POLICY_WHEEL

if [[ ${1:-} == long ]]; then
  environment "$main-long" tests/requirements.txt litellm
  run "$main-long" -m long
  exit
fi

for version in "${versions[@]}"; do
  echo "CPython $version"
  if [[ $version == "$main" ]]; then
    run "$version" -m "not long"
  elif [[ $version == *t ]]; then
    # The stable ABI is for interpreters with a GIL: these get a wheel of their own.
    environment "$version" tests/requirements-core.txt
    build "$version"
    LLM_POLICY_WHEEL=$(echo "$target/wheels/$version"/*.whl) run "$version" -m "not long" tests/test_{api,objects,threads,conformance}.py
  else
    environment "$version" tests/requirements-core.txt
    run "$version" -m "not long" tests/test_{api,objects,threads,conformance}.py
  fi
done

# Together with processes of the core's own tests, on real servers.
WORKER_INTERPRETER=$target/python-tests/$main/bin/python WORKER_SCRIPT=$PWD/tests/limits_worker.py \
  cargo test --quiet --locked --workspace --test processes
