#!/usr/bin/env bash
# Builds the native library, tests the Java package, installs its jars from their files, and uses them: in an empty project whose
# program is the README's, and in the example. EVALUATIONS: how many the test of flat memory makes (100000).
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

cargo build --locked --profile "$profile" -p llm-policy-java
foreign=$(nm -D --defined-only "$built/$library" 2>/dev/null | awk '{print $NF}' | grep -v '^Java_io_github_llmpolicyengine_Native_' || true)
[[ -z $foreign ]] || { printf 'the native library exports more than its functions:\n%s\n' "$foreign" >&2; exit 1; }
natives=java/target/natives/META-INF/native/$platform
mkdir -p "$natives"
cp "$built/$library" "$natives/"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
grep -q "<version>$version</version>" java/pom.xml || { echo "java/pom.xml has another version than Cargo.toml" >&2; exit 1; }
"${maven[@]}" -f java/pom.xml package -Dplatform="$platform" -Devaluations="${EVALUATIONS:-100000}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
jar=java/target/llm-policy-engine-$version
install=("${maven[@]}" org.apache.maven.plugins:maven-install-plugin:3.2.0:install-file)
"${install[@]}" -Dfile="$jar.jar" -DpomFile=java/pom.xml
"${install[@]}" -Dfile="$jar-$platform.jar" -DpomFile=java/pom.xml -Dclassifier="$platform"

# The README's program, as it is written there, in an empty project with what the README tells to add.
mkdir -p "$scratch/src/main/java"
sed -n '/^```java$/,/^```$/p' java/README.md | sed '/^```/d' >"$scratch/src/main/java/First.java"
sed -e "s|@VERSION@|$version|" -e "s|@PLATFORM@|$platform|" java/tests/consumer.xml >"$scratch/pom.xml"
"${maven[@]}" -f "$scratch/pom.xml" package
said=$(java -cp "$scratch/target/consumer.jar:$scratch/target/lib/*" First)
[[ $said == "gpt-5-preview is a preview, which is not for production" ]] || { echo "the README's program says: $said" >&2; exit 1; }
said=$(java --module-path "$scratch/target/lib" --add-modules ALL-MODULE-PATH -cp "$scratch/target/consumer.jar" First)
[[ $said == *preview* ]] || { echo "on the module path the README's program says: $said" >&2; exit 1; }
echo "an empty project: ok"

"${maven[@]}" -f examples/java/pom.xml verify -Dplatform="$platform"
echo "examples/java: ok"
echo "Java: ok"
