# frozen_string_literal: true

require_relative "lib/llm_policy_engine/version"

# A gem for the platform that its native library was built on: tests/build.sh puts the library, and what UniFFI makes of it, into lib/.
Gem::Specification.new do |spec|
  spec.name = "llm-policy-engine"
  spec.version = LlmPolicyEngine::VERSION
  spec.platform = Gem::Platform::CURRENT
  spec.summary = "Decides about LLM traffic, in your process."
  spec.authors = ["The LLM-Policy-Engine authors"]
  spec.license = "Apache-2.0"
  spec.required_ruby_version = ">= 3.1"
  spec.files = Dir.chdir(__dir__) { Dir["lib/**/*.{rb,so,dylib,dll}"] + ["README.md"] }
  spec.add_dependency "ffi", "~> 1.15"
end
