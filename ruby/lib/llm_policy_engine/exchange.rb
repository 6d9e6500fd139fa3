# frozen_string_literal: true

module LlmPolicyEngine
  # The stages of one turn, decided about by the policies that were there when it began, for one caller: Engine#exchange.
  #
  # What was seen in an earlier stage is still there in a later one. What the host said at the beginning stays, and no body can
  # change it. Threads may share an exchange; its evaluations go one after the other.
  class Exchange
    include Closeable

    private_class_method :new

    def initialize(native)
      @native = native
    end

    # Decides about what is new in a stage, such as `{request: {...}}`. It replaces what an earlier stage said under the same name.
    def evaluate(body, stage: :request, now: nil)
      Error.translated do
        at = Input.stage(stage)
        Decision.new(@native.evaluate(Input.bytes(body) { |why| @native.refuse(why, at) }, at, now))
      end
    end

    # As `evaluate`, about a provider's own body, a String.
    def evaluate_body(format, body, stage: :request, now: nil)
      Error.translated { Decision.new(@native.evaluate_body(format.to_s, body, Input.stage(stage), now)) }
    end

    # The exchange as text, for Engine#resume. It holds the bodies and who asks: keep it as you keep them, and let nobody else write
    # it.
    def save
      Error.translated { @native.save }
    end

    # What is reserved for the request that was allowed last, or nil.
    def hold
      Error.translated { @native.hold }
    end

    # Closes what is reserved for the request, with what it really used: `used` as for Engine#settle; without it, what the answer
    # says that was decided about.
    def settle(used = nil)
      Error.translated do
        bytes = used && Input.bytes(used) { |why| @native.refuse(why, Input.stage(:request)) }
        Input::CLOSINGS.fetch(@native.settle(bytes))
      end
    end

    # Closes what is reserved for the request with what a provider's answer, a String, says that it used, without deciding about it.
    def settle_body(format, answer)
      Error.translated { Input::CLOSINGS.fetch(@native.settle_body(format.to_s, answer)) }
    end

    # Gives back what is reserved for a request that was not sent.
    def release
      Error.translated { Input::CLOSINGS.fetch(@native.release) }
    end

    # Reports what became of the call that was allowed last, as Engine#observe.
    def observe(outcome)
      Error.translated do
        @native.observe(Input.bytes(outcome) { |why| @native.refuse(why, Input.stage(:request)) })
      end
    end

    # Takes out of a body, a String, what the last decision says, its `redact` actions: of a provider's in `format`, or without one of a
    # context in JSON. What is taken out in the style `reversible`, `restore` can put back.
    def redact(body, format: nil)
      Error.translated { @native.redact(format&.to_s, body) }
    end

    # Puts values back into a text of the model where it wrote their placeholders. Nothing is put into URLs.
    def restore(text)
      Error.translated { @native.restore(Input.text(text)) }
    end

    # Begins the answer of the turn as a stream: of a provider's server-sent events in `format` (`openai-chat`, `openai-responses`,
    # `anthropic`), or without one of plain text. `now` is the time that conditions see, from here to the end.
    def stream(format = nil, now: nil)
      AnswerStream.send(:new, Error.translated { @native.stream(format&.to_s, now) })
    end
  end
end
