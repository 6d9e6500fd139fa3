# frozen_string_literal: true

module LlmPolicyEngine
  # Finds personal data, secrets, injections and more in texts, and takes them out, without a policy. Any number of threads may use one.
  #
  #   detector = LlmPolicyEngine::Detector.new(families: ["pii"])
  #   detector.scan("Write to ada@example.org.")["findings"].first["kind"] # => "email"
  #   detector.redact("Write to ada@example.org.") # => "Write to [EMAIL]."
  class Detector
    include Closeable

    # `options`, of which each may be left out: `profile` (`chat`, `code`, `argument`, `sql`), `families`, `kinds`, `regions`,
    # `thresholds`, `patterns`, `allow`, `max_bytes`, `key`; or a String of JSON.
    def initialize(options = {})
      @native = Error.translated do
        LlmPolicyNative::Detector.new(Input.bytes(options) { |why| LlmPolicyNative.refuse(why) })
      end
    end

    # What is found in a text: a Hash with `findings`, and whether the text was read as a whole. Kinds, places and scores from 0 to 100,
    # never the text itself; a String counts places as their `chars` do.
    def scan(text)
      JSON.parse(scan_json(text))
    end

    # The same as canonical JSON.
    def scan_json(text)
      Error.translated { @native.scan(Input.text(text)).json }
    end

    # A text without what is found in it. `style` is `:label`, `:placeholder`, `:mask`, `:partial`, `:hash` or `:remove`; `format` says
    # what the text is: `text`; `json`, whose texts, numbers and names are redacted in place; or the name of a provider's format, whose
    # body is a request, or with `stage: :response` an answer.
    def redact(text, style: :label, format: "text", stage: nil)
      form = stage ? "#{format}/#{stage}" : format.to_s
      Error.translated { @native.redact(form, style.to_s, Input.text(text)) }
    end
  end
end
