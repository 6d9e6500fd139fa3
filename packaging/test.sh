#!/usr/bin/env bash
# Installs each package of dist/ that is for this machine from its file into an empty project, and uses it there. The Python package is
# also built from its source, and the bills of materials are held against the standard's schema.
set -euo pipefail
source "$(dirname "$0")/common.sh"
triple=$(rustc -vV | sed -n 's/^host: //p')
names "$triple"
(cd "$dist" && sha256sum --check --quiet SHA256SUMS)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo "the wheel"
environment tests packaging/requirements-test.txt
case $triple in
  *-linux-gnu) wheel=("$dist"/*-abi3-manylinux*_"${triple%%-*}".whl) ;;
  *-linux-musl) wheel=("$dist"/*-abi3-musllinux*_"${triple%%-*}".whl) ;;
  aarch64-apple-darwin) wheel=("$dist"/*-abi3-macosx*_arm64.whl) ;;
  x86_64-apple-darwin) wheel=("$dist"/*-abi3-macosx*_x86_64.whl) ;;
  *) wheel=("$dist"/*-abi3-win_amd64.whl) ;;
esac
of_wheel() {
  pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$1"
  (cd python && LLM_POLICY_WHEEL=$1 python -m pytest -m "not long" "${@:2}")
}
of_wheel "${wheel[0]}" tests/test_{install,api,objects,threads}.py

echo "the source of Python"
# In a build for development: what is tested is that all of the source is there.
mkdir "$scratch/wheel"
MATURIN_PEP517_ARGS="--profile=dev" pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$scratch/wheel" "$dist/llm_policy_engine-$version.tar.gz"
of_wheel "$(echo "$scratch"/wheel/*.whl)" tests/test_install.py

echo "Node"
npm ci --silent --prefix node
LLM_POLICY_ENGINE_PACKAGES=$dist LLM_POLICY_ENGINE_NATIVE=$libraries/$triple/${prefix}llm_policy_node.$extension \
  node --test node/tests/package.test.mjs

echo "Java"
java/tests/installed.sh "$dist" "$java"

if [[ -n $go ]]; then
  echo "Go"
  go/tests/installed.sh "$dist/llm-policy-engine-go-$version.zip"
fi

echo "C"
tar --extract --gzip --file "$dist/llm-policy-engine-c-$version-$triple.tar.gz" --directory "$scratch"
ffi/tests/c.sh "$scratch/llm-policy-engine-c-$version-$triple"

echo "bills of materials"
python - "$dist" <<'END'
import json, pathlib, sys, tarfile, zipfile
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion.V1_6)
for package in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if zipfile.is_zipfile(package):
        inside = zipfile.ZipFile(package)
        files = {name: inside.read(name) for name in inside.namelist()}
    elif package.name.endswith(("gz", "tgz")):
        inside = tarfile.open(package)
        files = {member.name: inside.extractfile(member).read() for member in inside if member.isfile()}
    else:
        continue
    native = [name for name in files if name.endswith((".so", ".a", ".node", ".dll", ".dylib", ".lib", ".pyd"))]
    if not native:
        continue
    bills = [text.decode() for name, text in files.items() if name.endswith("sbom.cdx.json")]
    texts = [name for name in files if name.endswith("LICENSE-THIRD-PARTY.txt")]
    licenses = [name for name in files if name.rsplit("/", 1)[-1] == "LICENSE"]
    if not (len(bills) == 1 and len(texts) == 1 and licenses):
        sys.exit(f"{package.name}: a bill of materials, the licences of others, or its own is missing: {sorted(files)}")
    if error := validator.validate_str(bills[0]):
        sys.exit(f"{package.name}: {error}")
    print(f"{package.name}: {len(json.loads(bills[0])['components'])} parts")
END
echo "packages: ok"
