#!/usr/bin/env bash
# Builds the native library, tests the Java package, and uses its jars in other projects, as installed.sh says.
# EVALUATIONS: how many the test of flat memory makes (100000).
# Needs a JDK 17 or later, Maven 3.6.3 or later, and cargo.
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in cargo java mvn; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: Java needs a JDK 17 or later, Maven and Rust" >&2; exit 1; }
done
case "$(uname -s)-$(uname -m)" in
  Linux-*) system=linux library=libllm_policy_java.so ;;
  Darwin-*) system=macos library=libllm_policy_java.dylib ;;
  *) echo "this script does not know $(uname -s)" >&2; exit 1 ;;
esac
platform=$system-$(uname -m | sed 's/arm64/aarch64/')
profile=${PROFILE:-dev}
built=${CARGO_TARGET_DIR:-target}/$([[ $profile == dev ]] && echo debug || echo "$profile")
maven=(mvn -q -B -Dstyle.color=never)

cargo build --locked --profile "$profile" ${NATIVES:--p llm-policy-java}
foreign=$(nm -D --defined-only "$built/$library" 2>/dev/null | awk '{print $NF}' | grep -v '^Java_io_github_llmpolicyengine_Native_' || true)
[[ -z $foreign ]] || { printf 'the native library exports more than its functions:\n%s\n' "$foreign" >&2; exit 1; }
natives=java/target/natives/META-INF/native/$platform
rm -rf java/target/natives java/target/jars
mkdir -p "$natives"
cp "$built/$library" "$natives/"

"${maven[@]}" -f java/pom.xml package -Dplatform="$platform" -Devaluations="${EVALUATIONS:-100000}"
java/tests/installed.sh java/target "$platform"
echo "Java: ok"
