# frozen_string_literal: true

# Decides about LLM traffic in your process: who may send what to which model, which tools an agent may call, what an answer may
# hold.
#
#   engine = LlmPolicyEngine::Engine.open("policies")
#   decision = engine.evaluate({user: {id: "ann"}, request: {model: "gpt-5-preview"}})
#   decision.allowed? # => false
#
# The halves: `llm_policy_native.rb` is made by UniFFI of the definition in the native library; what stands here adds what Ruby
# expects of a library, and no logic.
require "json"
require_relative "llm_policy_engine/version"
require_relative "llm_policy_engine/library"
require_relative "llm_policy_engine/llm_policy_native"
require_relative "llm_policy_engine/decision"
require_relative "llm_policy_engine/policies"
require_relative "llm_policy_engine/errors"
require_relative "llm_policy_engine/input"
require_relative "llm_policy_engine/closeable"
require_relative "llm_policy_engine/engine"
require_relative "llm_policy_engine/exchange"
require_relative "llm_policy_engine/answer_stream"
require_relative "llm_policy_engine/detector"

# The policy engine.
module LlmPolicyEngine
  unless LlmPolicyNative.version == VERSION
    raise LoadError, "the native library of the policy engine, #{library}, has version #{LlmPolicyNative.version}, " \
                     "and the gem #{VERSION}: install the gem again"
  end

  # Panics inside of the engine on purpose, so that whoever packs this library can prove that such a thing does no harm.
  # Always raises InternalError.
  def self.self_test_panic
    Error.translated { LlmPolicyNative.self_test_panic }
  end

  # What is right and wrong with the documents at a path, or with documents in memory: a Hash from names to texts. Documents that
  # are refused are no failure.
  def self.validate(policies)
    Error.translated do
      report = case policies
               when Hash then LlmPolicyNative.validate(Policies.in_memory(policies))
               else LlmPolicyNative.validate_path(Policies.path(policies))
               end
      Report.of(report)
    end
  end
end
