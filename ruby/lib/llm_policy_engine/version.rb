# frozen_string_literal: true

module LlmPolicyEngine
  # The version of the gem, and of the native library in it.
  VERSION = "0.1.0"
end
