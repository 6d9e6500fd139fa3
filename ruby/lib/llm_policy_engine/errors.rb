# frozen_string_literal: true

module LlmPolicyEngine
  # What the engine refused or could not do. A decision that could not be made is a deny: `decision` is it.
  class Error < StandardError
    # The name of its kind, the same in every language: `invalid_input`.
    attr_reader :code
    # What to do about it, or nil.
    attr_reader :help
    # The byte offset in the input that is refused, or nil.
    attr_reader :offset
    # What is wrong with the policy documents.
    attr_reader :findings
    # The deny that stands for the decision that could not be made.
    attr_reader :decision

    def initialize(failure)
      super(failure.report)
      @code = failure.code
      @help = failure.help
      @offset = failure.offset
      @findings = failure.findings.map { |finding| Finding.of(finding) }
      @decision = Decision.new(failure.decision)
    end

    # What the block gives; a failure of the native library, and a text that cannot go to it, becomes one of these.
    def self.translated
      yield
    rescue EncodingError => e
      translated { LlmPolicyNative.refuse("no UTF-8 can be made of a text: #{e.message.scrub}") }
    rescue *NATIVE.keys => e
      raise NATIVE.fetch(e.class).new(e.failure), cause: nil
    end
  end

  # A bug of the engine: something inside panicked, and the process goes on.
  class InternalError < Error; end

  # Policy documents are refused: `findings` says where and why, and the message shows it.
  class InvalidPolicy < Error; end

  # An input is refused as a whole.
  class InvalidInput < Error; end

  # A file cannot be read.
  class UnreadableFile < Error; end

  # There is no document where one was looked for.
  class NoDocuments < Error; end

  # An input was prepared for policies that have been replaced since: prepare it again.
  class StaleInput < Error; end

  # A call that is wrong whatever the policies are: an unknown name.
  class InvalidArgument < Error; end

  # An engine, or something else of this gem, was closed before the call.
  class Closed < Error; end

  # The store of limits cannot be asked.
  class LimitsUnavailable < Error; end

  class Error
    # The classes of the native half by their name, which are the same here.
    NATIVE = LlmPolicyNative::PolicyError.constants.to_h do |name|
      [LlmPolicyNative::PolicyError.const_get(name), LlmPolicyEngine.const_get(name)]
    end.freeze
    private_constant :NATIVE
  end
end
