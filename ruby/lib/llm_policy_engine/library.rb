# frozen_string_literal: true

require "rbconfig"

module LlmPolicyEngine
  # The native library: the file that LLM_POLICY_LIBRARY names, else the one in this gem.
  def self.library
    named = ENV.fetch("LLM_POLICY_LIBRARY", "")
    return File.expand_path(named) unless named.empty?

    suffix = case RbConfig::CONFIG["host_os"]
             when /darwin/ then "dylib"
             when /mswin|mingw/ then "dll"
             else "so"
             end
    name = suffix == "dll" ? "llm_policy_uniffi.dll" : "libllm_policy_uniffi.#{suffix}"
    file = File.join(__dir__, name)
    return file if File.file?(file)

    raise LoadError, "there is no native library of the policy engine at #{file}: install the gem that was built for " \
                     "#{RbConfig::CONFIG['host_cpu']}-#{RbConfig::CONFIG['host_os']}, or name a library file with " \
                     "LLM_POLICY_LIBRARY"
  end
end
