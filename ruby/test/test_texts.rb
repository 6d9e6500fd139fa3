# frozen_string_literal: true

require_relative "helper"
require "tmpdir"

# Texts: what is found, taken out, put back; and as they stream.
class TestTexts < Minitest::Test
  include LlmPolicyEngine

  MAIL = <<~YAML
    version: "1.0"
    metadata: {name: mail}
    config: {default_action: allow, stages: [request, response]}
    rules:
      - id: question
        when: contains_pii(request.text, ['email'])
        actions: [{redact: {fields: [request.text], detect: [email], style: reversible}}]
      - id: answer
        stages: [response]
        when: contains_pii(response.text, ['email'])
        actions: [{redact: {fields: [response.text], detect: [email], style: label}}]
  YAML

  def guarded
    LlmPolicyEngine::Engine.load({"mail.yaml" => MAIL}, handles: [:redact])
  end

  def test_a_detector_finds_and_takes_out
    detector = Detector.new(families: ["pii"], allow: ["info@example.org"])
    text = "Grüße 👋 an ada@example.org oder info@example.org"
    found = detector.scan(text)["findings"]
    assert_equal [%w[pii email]], found.map { |one| one.values_at("family", "kind") }
    span = found.first["chars"]
    assert_equal "ada@example.org", text[span.first...span.last]
    assert_equal "Grüße 👋 an [EMAIL] oder info@example.org", detector.redact(text)
    assert_equal '{"a":"[EMAIL]"}', detector.redact('{"a":"ada@example.org"}', format: "json")
    detector.close
    assert_raises(Closed) { detector.scan(text) }
  end

  def test_wrong_options_and_texts_are_refused
    assert_raises(InvalidArgument) { Detector.new(familys: []) }
    assert_raises(InvalidInput) { Detector.new("nonsense") }
    assert_raises(InvalidArgument) { Detector.new.redact("a", style: :reversible) }
    assert_raises(InvalidInput) { Detector.new.scan("\xff".b) }
    assert_equal "pii", Detector.new.scan("Grüße an ada@example.org".encode("UTF-16LE"))["findings"].first["family"]
    # Texts and options of which no UTF-8, or no JSON, can be made.
    assert_raises(InvalidInput) { Detector.new.scan("\xff".dup.force_encoding("US-ASCII")) }
    assert_raises(InvalidInput) { guarded.exchange.restore("\xd8\x00".dup.force_encoding("UTF-16BE")) }
    assert_raises(InvalidInput) { Detector.new(allow: ["\xff"]) }
    assert_raises(InvalidInput) { guarded.evaluate_body("\xff".b, "{}") }
  end

  def test_an_exchange_takes_out_and_puts_back
    exchange = guarded.exchange({user: {id: "ann"}})
    body = '{"model": "m", "messages": [{"role": "user", "content": "I am ada@example.org"}]}'
    assert_raises(InvalidArgument) { exchange.redact(body, format: "openai-chat") }
    assert exchange.evaluate_body("openai-chat", body).allowed?
    sent = exchange.redact(body, format: "openai-chat")
    placeholder = sent[/\[EMAIL_\w+\]/]
    assert_equal body.sub("ada@example.org", placeholder), sent
    assert_equal "Dear ada@example.org!", exchange.restore("Dear #{placeholder}!")
  end

  def test_an_answer_streams
    answer = "Grüße 👋, write to ada@example.org, please.".b
    engine = guarded
    (1..answer.bytesize).each do |size|
      stream = engine.exchange.stream
      came = answer.scan(/.{1,#{size}}/mn).map { |chunk| stream.push(chunk).bytes.b }.join
      ended = stream.finish
      assert_equal "Grüße 👋, write to [EMAIL], please.", (came + ended.bytes.b).force_encoding("UTF-8"), "#{size} bytes at once"
      assert ended.decision.allowed?
    end
    assert_raises(InvalidArgument) { engine.exchange.stream("gemini") }
  end

  def test_the_books_can_be_a_file_that_engines_share
    Dir.mktmpdir do |folder|
      open = -> { LlmPolicyEngine::Engine.load({"day.yaml" => Samples::BUDGET}, store: "sqlite:#{folder}/limits.db") }
      used = ->(engine) { engine.dry_run({user: {id: "ann"}, request: {model: "gpt-4o"}}).limits.first["used"] }
      one = open.call
      before = used.call(one)
      exchange = one.exchange({user: {id: "ann"}})
      assert exchange.evaluate({request: {model: "gpt-4o", prompt: "Hello!", max_tokens: 100}}).allowed?
      answer = '{"object": "chat.completion", "model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 40}}'
      assert_equal :done, exchange.settle_body("openai-chat", answer)
      refute_equal before, used.call(open.call)
    end
    assert_raises(InvalidArgument) { LlmPolicyEngine::Engine.load({"day.yaml" => Samples::BUDGET}, store: "nonsense") }
  end
end
