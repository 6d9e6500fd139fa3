#!/usr/bin/env bash
# Builds the addon and runs all tests of the Node package: the interface, threads, memory, guards, types, the conformance cases,
# the README's examples, the example service, and the packages, installed from their files. Needs node 20 or later, npm and cargo.
# EVALUATIONS and PROPERTY_CASES make the long run longer.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD

for tool in node npm cargo; do
  command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done
major=$(node -p 'process.versions.node.split(".")[0]')
[[ $major -ge 20 ]] || { echo "node $major is too old: install Node.js 20 or later" >&2; exit 1; }

profile=${PROFILE:-dev}
cargo build --locked --profile "$profile" ${NATIVES:--p llm-policy-node}
built=${CARGO_TARGET_DIR:-$root/target}/$([[ $profile == dev ]] && echo debug || echo "$profile")
case $(uname -s) in
  Darwin) addon=libllm_policy_node.dylib ;;
  MINGW* | MSYS* | CYGWIN*) addon=llm_policy_node.dll ;;
  *) addon=libllm_policy_node.so ;;
esac
export LLM_POLICY_ENGINE_NATIVE=$built/$addon

npm ci --silent --prefix examples/node
cd node
npm ci --silent
npx tsc -p tests/tsconfig.json
node --test tests/*.test.mjs "$root"/examples/node/*.test.mjs
# Together with processes of the core's own tests, on real servers.
cd "$root"
WORKER_INTERPRETER=$(command -v node) WORKER_SCRIPT=$root/node/tests/limits-worker.mjs \
  cargo test --quiet --locked --workspace --test processes
