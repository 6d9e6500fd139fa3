# frozen_string_literal: true

module LlmPolicyEngine
  # The answer of an exchange's turn while it comes: Exchange#stream. Threads may share it; what is pushed is one text. It goes on when
  # the exchange is closed. Closing it counts nothing: finish or abort before.
  class AnswerStream
    include Closeable

    # What came through: `bytes` to send on now, often none; `stopped` when the answer ends here, and AnswerStream#finish says why.
    Passed = Struct.new(:bytes, :stopped)
    # The end of an answer: the `bytes` that were held back, none of an answer that is refused; and the `decision` about the whole.
    Finished = Struct.new(:bytes, :decision)

    private_class_method :new

    def initialize(native)
      @native = native
    end

    # Takes the next bytes of the answer, a String that is cut anywhere. When they cannot be read the answer ends, as when it is stopped.
    def push(chunk)
      Error.translated { @native.push(chunk) }.then { |passed| Passed.new(passed.bytes, passed.stopped) }
    end

    # Ends the answer. Once more, it is the same decision and no bytes.
    def finish
      Error.translated { @native.finish }.then { |end_| Finished.new(end_.bytes, Decision.new(end_.decision)) }
    end

    # Ends the answer because nobody reads on: what was held back is dropped, and the tokens that came are counted, so that
    # Exchange#settle closes what is held with them. After `finish` it changes nothing.
    def abort
      Error.translated { @native.abort }
    end
  end
end
