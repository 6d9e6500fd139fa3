# frozen_string_literal: true

module LlmPolicyEngine
  # What was decided, and why. `code` and `public_message` may go to end users; the rest may not.
  class Decision
    # Something that the host is asked to carry out: the action's name, its parameters, and who asks for it: of a document a rule, a
    # limit or a breaker.
    Obligation = Struct.new(:action, :params, :policy, :rule, :limit, :breaker)
    # Where a request goes instead: a model, a provider, or both; nil is what stays.
    Route = Struct.new(:model, :provider)

    EFFECTS = {
      LlmPolicyNative::Effect::ALLOW => :allow,
      LlmPolicyNative::Effect::THROTTLE => :throttle,
      LlmPolicyNative::Effect::REQUIRE_APPROVAL => :require_approval,
      LlmPolicyNative::Effect::DENY => :deny
    }.freeze
    private_constant :EFFECTS

    def initialize(native)
      @native = native
    end

    # `:allow`, `:throttle`, `:require_approval` or `:deny`.
    def effect
      EFFECTS.fetch(@native.effect, :deny)
    end

    # Whether the request passes. Obligations may be left to carry out: those that the host declared.
    def allowed?
      @native.allowed == true
    end

    # `:request`, `:response`, `:tool_call` or `:tool_result`.
    def stage
      Input::STAGES.key(@native.stage)
    end

    # Why, for operators.
    def reason = @native.reason

    # A stable name of the reason, or nil.
    def code = @native.code

    # What end users may read, or nil.
    def public_message = @native.public_message

    # The document that decided, or nil.
    def policy = @native.policy

    # The rule that decided, or nil.
    def rule = @native.rule

    # The limit that decided, or nil.
    def limit = @native.limit

    # The breaker that decided, or nil.
    def breaker = @native.breaker

    # How long to wait when throttled, in milliseconds, or nil.
    def retry_after_ms = @native.retry_after_ms

    # What would be decided with all rules in shadow in force; nil when no rule is.
    def shadow_effect
      @native.shadow_effect && EFFECTS.fetch(@native.shadow_effect, :deny)
    end

    # What the host is asked to carry out, redactions among them.
    def obligations
      @native.obligations.map do |one|
        Obligation.new(one.action, JSON.parse(one.params_json), one.policy, one.rule, one.limit, one.breaker)
      end
    end

    # The warnings, most important first.
    def warnings = @native.warnings

    # Where the request goes instead, or nil.
    def route
      @native.route && Route.new(@native.route.model, @native.route.provider)
    end

    # What is reserved for the request, for Engine#settle, #release and #extend; nil when nothing is.
    def hold = @native.hold

    # How each limit stands that applies to the request. It varies from run to run.
    def limits
      JSON.parse(@native.limits_json)
    end

    # The same as canonical JSON.
    def limits_json = @native.limits_json

    # The digest of the documents that decided; empty when none did, because the engine was closed or never made.
    def bundle = @native.bundle

    # The whole decision in canonical form (RFC 8785), the same bytes in every language.
    def canonical_json = @native.canonical_json

    # The whole decision by the names of the canonical form.
    def to_h
      JSON.parse(canonical_json)
    end

    def ==(other)
      other.is_a?(Decision) && other.canonical_json == canonical_json
    end
    alias eql? ==

    def hash
      canonical_json.hash
    end

    def inspect
      "#<#{self.class.name} #{effect}: #{reason}>"
    end
  end
end
