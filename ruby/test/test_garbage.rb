# frozen_string_literal: true

require_relative "helper"

# Whatever comes in, what comes out is an answer or an error with a deny.
class TestGarbage < Minitest::Test
  include LlmPolicyEngine

  DETECTOR = Detector.new

  def survives
    yield
  rescue Error => e
    refute e.decision.allowed?
    refute_empty e.message
    refute_kind_of InternalError, e
  end

  def every_entry(engine, exchange, bytes)
    survives { engine.evaluate(bytes) }
    survives { engine.dry_run(bytes) }
    survives { engine.explain(bytes) }
    survives { engine.prepare(bytes) }
    survives { engine.evaluate_body("openai-chat", bytes) }
    survives { engine.evaluate_body("anthropic", "{}", host: bytes) }
    survives { engine.explain_body("gemini", bytes, stage: :response) }
    survives { engine.exchange(bytes) }
    survives { engine.resume(bytes) }
    survives { exchange.evaluate(bytes) }
    survives { exchange.evaluate_body("bedrock", bytes) }
    survives { exchange.settle(bytes) }
    survives { exchange.settle_body("openai-chat", bytes) }
    survives { exchange.redact(bytes, format: "anthropic") }
    survives { exchange.redact(bytes) }
    survives { exchange.restore(bytes) }
    [nil, "openai-chat", "openai-responses", "anthropic", bytes].each do |format|
      survives { exchange.stream(format).tap { |stream| survives { stream.push(bytes) } }.finish }
    end
    survives { Detector.new(bytes) }
    survives { DETECTOR.scan(bytes) }
    survives { DETECTOR.redact(bytes, format: "json") }
    survives { DETECTOR.redact(bytes, format: "openai-chat", stage: :response) }
    survives { engine.settle(bytes.unpack1("H*"), bytes) }
    survives { engine.release(bytes.unpack1("H*")) }
    survives { LlmPolicyEngine::Engine.load({"garbage.yaml" => bytes}) }
    survives { LlmPolicyEngine.validate({"garbage.yaml" => bytes}) }
    survives { engine.reload({"garbage.yaml" => bytes}) }
  end

  def test_garbage_and_truncated_input
    random = Random.new(11)
    engine = Samples.models
    exchange = engine.exchange
    json = Samples.context
    yaml = Samples::MODELS.b
    60.times do
      every_entry(engine, exchange, random.bytes(random.rand(80)))
      every_entry(engine, exchange, json[0, random.rand(json.bytesize)])
      every_entry(engine, exchange, yaml[0, random.rand(yaml.bytesize)])
      changed = json.dup
      changed.setbyte(random.rand(changed.bytesize), random.rand(256))
      every_entry(engine, exchange, changed)
    end
    ["", "null", "\0" * (1 << 18), "[" * 100_000].each { |odd| every_entry(engine, exchange, odd) }
    engine.reload({"models.yaml" => Samples::MODELS})
    assert_equal "preview", engine.evaluate(Samples::PREVIEW).code
  end

  def test_arguments_of_other_types
    engine = Samples.models
    assert_raises(TypeError) { engine.evaluate_body("openai-chat", 1) }
    assert_raises(InvalidArgument) { engine.evaluate({}, stage: nil) }
    assert_raises(NoMethodError, TypeError) { engine.evaluate({}, now: "noon") }
    assert_equal "preview", engine.evaluate(Samples::PREVIEW).code
  end
end
