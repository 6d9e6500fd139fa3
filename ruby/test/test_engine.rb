# frozen_string_literal: true

require_relative "helper"

class TestEngine < Minitest::Test
  include LlmPolicyEngine

  def test_a_decision_says_what_and_why
    decision = Samples.models.evaluate(Samples::PREVIEW)
    assert_equal [:deny, false, :request], [decision.effect, decision.allowed?, decision.stage]
    assert_equal ["gpt-5-preview is a preview", "preview", "Not for production."],
                 [decision.reason, decision.code, decision.public_message]
    assert_equal ["default/models", "no-preview", nil], [decision.policy, decision.rule, decision.limit]
    obligation = decision.obligations.first
    assert_equal ["audit", "no-preview", "high"], [obligation.action, obligation.rule, obligation.params["severity"]]
    assert_equal decision.canonical_json, JSON.generate(decision.to_h)
    assert_equal decision, Samples.models.evaluate(JSON.generate(Samples::PREVIEW))
    assert_equal 64, decision.bundle.length
    assert_includes decision.inspect, "deny"
  end

  def test_effects_warnings_and_routes
    engine = Samples.models(handles: [:redact, "route"])
    slow = engine.evaluate({request: {model: "slow"}})
    assert_equal [:throttle, 1500], [slow.effect, slow.retry_after_ms]
    careful = engine.evaluate({request: {model: "careful"}})
    assert careful.allowed?
    assert_equal ["mind the gap"], careful.warnings
    secret = engine.evaluate({request: {model: "secret", prompt: "hello"}})
    assert secret.allowed?
    assert_equal "redact", secret.obligations.first.action
    large = engine.evaluate({request: {model: "large"}})
    assert_equal ["small", nil], large.route.to_a
    refute Samples.models.evaluate({request: {model: "secret", prompt: "hello"}}).allowed?, "nobody redacts"
  end

  def test_files_stages_and_times
    Samples.examples.tap do |engine|
      now = Time.utc(2026, 6, 1, 12, 0, 0)
      Dir[File.join(Samples::ROOT, "examples/contexts/*.json")].each do |file|
        %i[request response tool_call tool_result].each do |stage|
          bytes = engine.evaluate(File.binread(file), stage: stage, now: now)
          hash = engine.evaluate(JSON.parse(File.read(file)), stage: stage.to_s, now: now)
          assert_equal bytes.canonical_json, hash.canonical_json, file
          assert_equal stage, hash.stage
        end
      end
    end
    error = assert_raises(InvalidArgument) { Samples.models.evaluate({}, stage: :reqest) }
    assert_includes error.message, "the stages are request"
    error = assert_raises(InvalidArgument) { Samples.models.evaluate({}, now: Time.utc(100_000)) }
    assert_includes error.message, "now"
    refute error.decision.allowed?
  end

  def test_errors_say_what_to_do
    error = assert_raises(InvalidPolicy) { Engine.load({"broken.yaml" => "version: '1.0'\nmetadata: {nmae: x}\nrules: []\n"}) }
    finding = error.findings.first
    assert_equal ["broken.yaml", 2, 12, true], [finding.file, finding.line, finding.column, finding.error]
    assert_includes error.message, "broken.yaml:2:12"
    assert_includes error.message, "did you mean `name`?"
    error = assert_raises(UnreadableFile) { Engine.open("no/such/place") }
    assert_equal ["unreadable_file", "`no/such/place` cannot be read: there is no such file or directory"],
                 [error.code, error.message]
    assert_raises(NoDocuments) { Engine.load({}) }
    assert_includes assert_raises(InvalidArgument) { Samples.models(handles: [:rdact]) }.message, "redact, set, route"
    error = assert_raises(InvalidInput) { Samples.models.evaluate('{"request": nonsense}', stage: :tool_call) }
    assert_equal ["invalid_input", 12, :deny, :tool_call],
                 [error.code, error.offset, error.decision.effect, error.decision.stage]
    assert_equal Samples.models.bundle, error.decision.bundle
  end

  def test_what_no_json_can_be_made_of_is_a_deny
    engine = Samples.models
    loop_to_itself = {}
    loop_to_itself[:again] = loop_to_itself
    [loop_to_itself, {a: Float::NAN}, {a: Float::INFINITY}, {a: "\xff"}, nil, [], 1].each do |context|
      [-> { engine.evaluate(context, stage: :response) }, -> { engine.exchange.evaluate(context, stage: :response) }].each do |call|
        error = assert_raises(InvalidInput, context.class) { call.call }
        assert_equal [:deny, :response], [error.decision.effect, error.decision.stage]
      end
      assert_raises(InvalidInput) { engine.prepare(context) }
      assert_raises(InvalidInput) { engine.explain(context) }
      assert_raises(InvalidInput) { engine.exchange(context) }
    end
  end

  def test_reloading_changes_decisions_in_one_step_or_nothing
    engine = Samples.models
    before = engine.bundle
    prepared = engine.prepare(Samples::PREVIEW)
    assert_equal "preview", engine.evaluate_prepared(prepared).code
    assert_raises(InvalidPolicy) { engine.reload({"broken.yaml" => "nonsense"}) }
    assert_equal before, engine.bundle
    assert_equal [], engine.reload({"open.yaml" => "{version: '1.0', metadata: {name: a}, rules: [{id: r, when: 'true', actions: [allow]}]}"})
    assert engine.evaluate(Samples::PREVIEW).allowed?
    error = assert_raises(StaleInput) { engine.evaluate_prepared(prepared) }
    refute error.decision.allowed?
    engine.reload(File.join(Samples::ROOT, "examples/policies"))
    refute_equal before, engine.bundle
  end

  def test_validating_reports
    good = LlmPolicyEngine.validate(File.join(Samples::ROOT, "examples/policies"))
    assert good.valid
    assert_operator good.rules, :>, 10
    bad = LlmPolicyEngine.validate({"a.yaml" => Samples::MODELS.sub("request.model.ends", "request.modle.ends")})
    refute bad.valid
    assert(bad.findings.any? { |finding| finding.error && finding.line == 6 })
    assert_nil bad.bundle
  end

  def test_explaining_says_each_clause
    explained = Samples.models.explain(Samples::PREVIEW)
    assert_equal "preview", explained["decision"]["code"]
    assert_includes explained["rules"].to_s, "gpt-5-preview"
    body = '{"model": "gpt-5-preview", "messages": []}'
    assert_equal "preview", Samples.models.explain_body("openai-chat", body)["decision"]["code"]
  end

  def test_providers_bodies_are_taken_as_they_are
    engine = Samples.models
    assert_equal "preview", engine.evaluate_body("openai-chat", '{"model": "x-preview", "messages": []}').code
    error = assert_raises(InvalidArgument) { engine.evaluate_body("openai-chta", "{}") }
    assert_includes error.message, "openai-chta"
    assert_raises(InvalidInput) { engine.evaluate_body("openai-chat", "nonsense", host: {user: {id: "ann"}}) }
  end

  def test_an_exchange_keeps_what_was_seen
    engine = Samples.models
    exchange = engine.exchange({user: {id: "ann"}})
    assert exchange.evaluate({request: {model: "gpt-5"}}).allowed?
    assert_raises(InvalidInput) { exchange.evaluate({user: {id: "eve"}}) }
    refute exchange.evaluate({response: {text: "hi!!!"}}, stage: :response).allowed?
    assert_equal "preview", exchange.evaluate_body("openai-chat", '{"model": "x-preview", "messages": []}').code
    state = exchange.save
    refute engine.resume(state).evaluate({}).allowed?, "the model is still the preview"
    assert_raises(InvalidInput) { engine.resume(state[1..]) }
  end

  def test_what_is_held_is_settled_once
    engine = LlmPolicyEngine::Engine.load({"budget.yaml" => Samples::BUDGET})
    request = {user: {id: "ann"}, request: {model: "gpt-4o", prompt: "Hello!", max_tokens: 100}}
    used = {usage: {input_tokens: 2, output_tokens: 40}}
    decision = engine.evaluate(request)
    assert_equal "budget", decision.limits.first["kind"]
    assert_equal :done, engine.extend_hold(decision.hold)
    assert_equal :done, engine.settle(decision.hold, used)
    assert_equal :already_settled, engine.settle(decision.hold, used)
    assert_equal :already_settled, engine.release(decision.hold)
    assert_equal :done, engine.release(engine.evaluate(request).hold)
    assert_nil engine.dry_run(request).hold
    exchange = engine.exchange({user: {id: "ann"}})
    assert exchange.evaluate(request.slice(:request)).allowed?
    refute_nil exchange.hold
    assert_equal :done, exchange.settle(used)
    assert_equal :nothing, exchange.release
    assert_raises(InvalidArgument) { engine.settle("nonsense", used) }
    assert_raises(InvalidArgument) { engine.settle(decision.hold, {usgae: 1}) }
  end

  def test_breakers_and_switches
    engine = LlmPolicyEngine::Engine.load({"breakers.yaml" => Samples::BREAKERS})
    request = {request: {model: "gpt-4o"}}
    engine.observe(engine.evaluate(request).hold, {outcome: "failure"})
    decision = engine.evaluate(request)
    assert_equal ["circuit_open", "model"], [decision.code, decision.breaker]
    engine.switch_off("model", ["other"], reason: "incident 12")
    assert_equal "switched_off", engine.evaluate({request: {model: "other"}}).code
    assert_equal [["other"], "incident 12"], engine.switches.first.values_at("key", "reason")
    engine.switch_on("model", ["other"])
    assert_equal [], engine.switches
    assert_includes assert_raises(InvalidArgument) { engine.switch_off("modle", reason: "x") }.message, "modle"
    assert_raises(InvalidArgument) { engine.switch_off("model", reason: "late", until_time: Time.utc(2020)) }
    assert_raises(InvalidArgument) { engine.observe("nonsense", {outcome: "failure"}) }
  end

  def test_what_an_engine_has_done
    engine = Samples.models
    engine.audit_start(capacity: 10, key: "secret")
    engine.evaluate(Samples::PREVIEW)
    assert_raises(InvalidInput) { engine.evaluate("nonsense") }
    drained = engine.audit_drain
    assert_equal %w[preview invalid_input], (drained["records"].map { |record| record["code"] })
    assert_equal 32, drained["records"].first["input"].length
    engine.audit_stop
    assert_equal 1, engine.metrics["decisions"]["request"]["deny"]
    assert_equal 1, engine.metrics["refused"]["invalid_input"]
    assert_raises(InvalidArgument) { engine.audit_start(capacity: 0) }
  end

  def test_a_panic_is_an_error_and_a_deny
    error = assert_raises(InternalError) { LlmPolicyEngine.self_test_panic }
    assert_equal "internal_error", error.code
    assert_equal :deny, error.decision.effect
    refute Samples.models.evaluate(Samples::PREVIEW).allowed?
  end
end
