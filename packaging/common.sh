# Read by the scripts beside it: where things are, and what platforms are called.
# shellcheck shell=bash disable=SC2034
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit
target=${CARGO_TARGET_DIR:-$root/target}
case $target in /*) ;; *) target=$root/$target ;; esac
export CARGO_TARGET_DIR=$target
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# The libraries of each target, by the target's name.
libraries=$target/packages
dist=$root/dist
# Files carry the time of the commit, so that the same commit makes the same files.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

# A virtual environment with these requirements, kept from run to run; its programs come first in PATH.
environment() {
  local venv=$target/packaging/$1 requirements=$2
  if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    rm -rf "$venv"
    "$(command -v python3 || command -v python)" -m venv "$venv"
    PATH=$venv/bin:$venv/Scripts:$PATH pip install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$venv/requirements.txt"
  fi
  export PATH=$venv/bin:$venv/Scripts:$PATH
}

# Sets what the platform of a target is called in each language, and what its libraries are called. Go has no archive for some.
names() {
  go='' npm='' java=''
  case $1 in
    x86_64-unknown-linux-gnu) npm=linux-x64-gnu java=linux-x86_64 go=linux_amd64 ;;
    aarch64-unknown-linux-gnu) npm=linux-arm64-gnu java=linux-aarch64 go=linux_arm64 ;;
    x86_64-unknown-linux-musl) npm=linux-x64-musl java=linux-x86_64-musl ;;
    aarch64-unknown-linux-musl) npm=linux-arm64-musl java=linux-aarch64-musl ;;
    x86_64-apple-darwin) npm=darwin-x64 java=macos-x86_64 ;;
    aarch64-apple-darwin) npm=darwin-arm64 java=macos-aarch64 ;;
    x86_64-pc-windows-msvc) npm=win32-x64 java=windows-x86_64 ;;
    *) echo "no packages are made for $1" >&2; exit 2 ;;
  esac
  case $1 in
    *-darwin) prefix=lib extension=dylib ;;
    *-windows-*) prefix='' extension=dll ;;
    *) prefix=lib extension=so ;;
  esac
}
