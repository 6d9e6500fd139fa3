#!/usr/bin/env bash
# Builds the engine for every language, and each language's program that measures it; then runs them in turn. Arguments go to the
# program `borders`, such as --quick or --language Go. Needs cargo, cc, a JDK 17 or later and Maven, Go 1.24 or later, Python 3.10 or
# later, and Node.js 20 or later with npm.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

for tool in cargo cc java mvn go node npm python3; do
  command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done
read -r release built < <(benches/ours.sh)

echo "C" >&2
cc -std=c11 -O2 -Wall -Wextra -Werror -I ffi/include benches/c/bench.c -o "$built/c" -L "$release" -lllm_policy -Wl,-rpath,"$release"

echo "Java" >&2
platform=linux-$(uname -m)
natives=java/target/natives/META-INF/native/$platform
mkdir -p "$natives"
cp "$release/libllm_policy_java.so" "$natives/"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
maven=(mvn -q -B -Dstyle.color=never)
"${maven[@]}" -f java/pom.xml package -Dmaven.test.skip=true -Dplatform="$platform" >&2
"${maven[@]}" -f benches/java/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath \
  -Dmdep.outputFile="$built/java.dependencies" >&2
jar=$root/java/target/llm-policy-engine-$version
classes=$built/java:$jar.jar:$jar-$platform.jar:$(cat "$built/java.dependencies")
javac --release 17 -Xlint:all -Werror -cp "$classes" -d "$built/java" benches/java/Bench.java
echo "$classes" >"$built/java.classpath"

echo "Go" >&2
ffi/archive.sh "$release/libllm_policy.a" "$built/libllm_policy.a" >&2
go/archive.sh "linux_$(go env GOARCH)" "$built/libllm_policy.a" >&2
(cd benches/go && GOFLAGS=-mod=readonly GOTOOLCHAIN=local GOWORK=off go build -o "$built/go" .)

echo "Python" >&2
benches/python/environment.sh
export PYTHONPATH=$built/python

echo "Node" >&2
npm ci --silent --prefix benches/node >&2
export LLM_POLICY_ENGINE_NATIVE=$release/libllm_policy_node.so

cd benches
cargo run --release --locked --no-default-features --bin borders -- "$built" "$@"
