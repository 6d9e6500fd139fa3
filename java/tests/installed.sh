#!/usr/bin/env bash
# Installs the jars that lie in a folder into the local Maven repository and uses them: in an empty project whose program is the
# README's, on the class path and on the module path, and in the example.
#
#   java/tests/installed.sh FOLDER PLATFORM     # PLATFORM: the classifier of this machine, such as linux-x86_64
set -euo pipefail
folder=$(realpath "$1")
platform=$2
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
jar=$folder/llm-policy-engine-$version
maven=(mvn -q -B -Dstyle.color=never)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"${maven[@]}" org.apache.maven.plugins:maven-install-plugin:3.2.0:install-file -Dfile="$jar.jar" -DpomFile=java/pom.xml

# The README's program, as it is written there, in an empty project with what the README tells to add.
mkdir -p "$scratch/src/main/java"
sed -n '/^```java$/,/^```$/p' java/README.md | sed '/^```/d' >"$scratch/src/main/java/First.java"
sed "s|@VERSION@|$version|" java/tests/consumer.xml >"$scratch/pom.xml"
"${maven[@]}" -f "$scratch/pom.xml" package
says() { # what it is, then java's arguments
  local what=$1 said
  shift
  said=$(java "$@" First)
  [[ $said == "gpt-5-preview is a preview, which is not for production" ]] || { echo "$what, the README's program says: $said" >&2; exit 1; }
  echo "an empty project, $what: ok"
}
consumer=$scratch/target/consumer.jar
says "class path" -cp "$consumer:$scratch/target/lib/*"
says "module path" --module-path "$scratch/target/lib" --add-modules io.github.llmpolicyengine -cp "$consumer"
says "the jar of one platform" -cp "$consumer:$jar-$platform.jar"

"${maven[@]}" -f examples/java/pom.xml verify
echo "examples/java: ok"
