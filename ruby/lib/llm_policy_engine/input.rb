# frozen_string_literal: true

module LlmPolicyEngine
  # Contexts, stages and times on their way in.
  module Input
    STAGES = {
      request: LlmPolicyNative::Stage::REQUEST,
      response: LlmPolicyNative::Stage::RESPONSE,
      tool_call: LlmPolicyNative::Stage::TOOL_CALL,
      tool_result: LlmPolicyNative::Stage::TOOL_RESULT
    }.freeze

    # JSON that is deeper than this is deeper than the engine takes.
    DEEPEST = 100

    # The bytes of a context: of a String its bytes, of anything else the JSON that is made of it. When none can be made, what
    # `refuse` makes of the reason.
    def self.bytes(context)
      return context if context.is_a?(String)

      # NaN and infinities are written, so that it is the engine that refuses them.
      JSON.generate(context, allow_nan: true, max_nesting: DEEPEST)
    rescue JSON::JSONError, EncodingError => e
      yield "no JSON can be made of the input: #{e.message.scrub}"
    end

    # A text as the engine reads it; what is binary is taken for UTF-8.
    def self.text(text)
      text.encoding == Encoding::BINARY ? text : text.encode(Encoding::UTF_8)
    end

    # A stage by its name.
    def self.stage(name)
      STAGES[name] || STAGES[name.to_s.to_sym] || LlmPolicyNative.stage_named(name.to_s)
    end

    # What became of a reservation, by its name.
    CLOSINGS = LlmPolicyNative::Closing.constants.to_h do |name|
      [LlmPolicyNative::Closing.const_get(name), name.to_s.downcase.to_sym]
    end.freeze
  end
  private_constant :Input
end
