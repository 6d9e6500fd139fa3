# frozen_string_literal: true

module LlmPolicyEngine
  # Something that was found in a policy document: `error` says whether the document is refused for it; `help` may be nil.
  Finding = Struct.new(:file, :line, :column, :code, :error, :message, :help, keyword_init: true) do
    def self.of(native)
      new(file: native.file, line: native.line, column: native.column, code: native.code, error: native.is_error,
          message: native.message, help: native.help)
    end
  end

  # What is right and wrong with documents: `error` is what failed outside of them, or nil; `bundle` their digest, when they are
  # valid.
  Report = Struct.new(:valid, :documents, :rules, :findings, :error, :bundle, keyword_init: true) do
    def self.of(native)
      new(valid: native.valid, documents: native.documents, rules: native.rules,
          findings: native.findings.map { |finding| Finding.of(finding) }, error: native.error, bundle: native.bundle)
    end
  end

  # Documents on their way in.
  module Policies
    def self.in_memory(texts)
      texts.map { |origin, text| LlmPolicyNative::Document.new(origin: origin.to_s, text: text) }
    end

    def self.path(path)
      path.respond_to?(:to_path) ? path.to_path : path
    end

    def self.options(handles, allow_without_policy, store)
      LlmPolicyNative::Options.new(handles: handles.map(&:to_s), allow_without_policy: allow_without_policy, store: store)
    end
  end
  private_constant :Policies
end
