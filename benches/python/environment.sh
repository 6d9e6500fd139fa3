#!/usr/bin/env bash
# Makes a virtual environment with the packages that take part, kept from run to run. Needs Python 3.10 or later.
set -euo pipefail
cd "$(dirname "$0")"

if ! cmp -s requirements.txt .venv/requirements.txt; then
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt .venv/
fi
