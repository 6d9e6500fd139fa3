#!/usr/bin/env bash
# Builds the native library, tests the Kotlin package, installs its jars from their files, and uses them: in an empty project whose
# program is the README's, and in the example. EVALUATIONS: how many the test of flat memory makes (100000).
# Needs a JDK 17 or later, Maven 3.6.3 or later, and cargo. Kotlin comes with Maven.
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in cargo java mvn; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: Kotlin needs a JDK 17 or later, Maven and Rust" >&2; exit 1; }
done
# The folder that JNA looks in, and the classifier of the jar.
machine=$(uname -m | sed 's/arm64/aarch64/')
case "$(uname -s)" in
  Linux) folder=linux-${machine/x86_64/x86-64} platform=linux-$machine ;;
  Darwin) folder=darwin-${machine/x86_64/x86-64} platform=macos-$machine ;;
  *) echo "this script does not know $(uname -s)" >&2; exit 1 ;;
esac
maven=(mvn -q -B -Dstyle.color=never)

rm -rf kotlin/target/generated kotlin/target/natives
mkdir -p "kotlin/target/natives/$folder"
library=$(bindings/uniffi/build.sh kotlin kotlin/target/generated)
cp "$library" "kotlin/target/natives/$folder/"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
grep -q "<version>$version</version>" kotlin/pom.xml || { echo "kotlin/pom.xml has another version than Cargo.toml" >&2; exit 1; }
RUST_BACKTRACE=0 "${maven[@]}" -f kotlin/pom.xml package -Dplatform="$platform" -Devaluations="${EVALUATIONS:-100000}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
jar=kotlin/target/llm-policy-engine-kotlin-$version
install=("${maven[@]}" org.apache.maven.plugins:maven-install-plugin:3.2.0:install-file)
"${install[@]}" -Dfile="$jar.jar" -DpomFile=kotlin/pom.xml
"${install[@]}" -Dfile="$jar-$platform.jar" -DpomFile=kotlin/pom.xml -Dclassifier="$platform"

# The README's program, as it is written there, in an empty project with what the README tells to add.
mkdir -p "$scratch/src/main/kotlin"
sed -n '/^```kotlin$/,/^```$/p' kotlin/README.md | sed '/^```/d' >"$scratch/src/main/kotlin/First.kt"
sed -e "s|@VERSION@|$version|" -e "s|@PLATFORM@|$platform|" kotlin/tests/consumer.xml >"$scratch/pom.xml"
"${maven[@]}" -f "$scratch/pom.xml" package
said=$(java -cp "$scratch/target/consumer.jar:$scratch/target/lib/*" FirstKt)
[[ $said == "gpt-5-preview is a preview, which is not for production" ]] || { echo "the README's program says: $said" >&2; exit 1; }
echo "an empty project: ok"

"${maven[@]}" -f examples/kotlin/pom.xml verify -Dplatform="$platform"
echo "examples/kotlin: ok"
echo "Kotlin: ok"
