#!/usr/bin/env bash
# Builds the native library and the gem, tests it, installs it from its file, and uses it: the README's program in an empty directory,
# and the example. EVALUATIONS: how many the test of flat memory makes (100000).
# Needs Ruby 3.1 or later with the gems ffi and minitest, and cargo. On Debian, root gets what is missing of Ruby.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! ruby -e 'require "ffi"; require "minitest"' 2>/dev/null && [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends ruby ruby-ffi ruby-minitest >/dev/null
fi
ruby -e 'require "ffi"; require "minitest"; exit RUBY_VERSION >= "3.1"' ||
  { echo "Ruby 3.1 or later with the gems ffi and minitest is missing: apt-get install ruby ruby-ffi ruby-minitest" >&2; exit 1; }

lib=ruby/lib/llm_policy_engine
rm -f "$lib"/libllm_policy_uniffi.*
library=$(bindings/uniffi/build.sh ruby "$lib")
cp "$library" "$lib/"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
grep -q "VERSION = \"$version\"" "$lib/version.rb" || { echo "$lib/version.rb has another version than Cargo.toml" >&2; exit 1; }
RUST_BACKTRACE=0 ruby -Iruby/lib -e 'Dir["ruby/test/test_*.rb"].sort.each { |file| require File.expand_path(file) }'

# Only what the gem brings is found from here on.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
gem=$scratch/llm-policy-engine.gem
(cd ruby && gem build --quiet --silent llm-policy-engine.gemspec --output "$gem")
gem install --quiet --silent --local --ignore-dependencies --no-document --install-dir "$scratch/gems" "$gem"
export GEM_PATH="$scratch/gems:$(gem env path)"
sed -n '/^```ruby$/,/^```$/p' ruby/README.md | sed '/^```/d' >"$scratch/first.rb"
said=$(cd "$scratch" && ruby first.rb)
[[ $said == "gpt-5-preview is a preview, which is not for production" ]] || { echo "the README's program says: $said" >&2; exit 1; }
echo "the gem: ok"
ruby examples/ruby/chat_test.rb
echo "Ruby: ok"
