# frozen_string_literal: true

require_relative "helper"

class TestLifecycle < Minitest::Test
  include LlmPolicyEngine

  def test_use_after_close_is_an_error
    engine = Samples.models
    prepared = engine.prepare(Samples::PREVIEW)
    other = engine.prepare(Samples::PREVIEW)
    exchange = engine.exchange
    2.times { prepared.close }
    assert_raises(Closed) { engine.evaluate_prepared(prepared) }
    2.times { engine.close }
    error = assert_raises(Closed) { engine.evaluate(Samples::PREVIEW) }
    assert_equal ["invalid_handle", "this engine is closed", :deny, ""],
                 [error.code, error.message, error.decision.effect, error.decision.bundle]
    [-> { engine.evaluate_prepared(other) }, -> { engine.reload({"m.yaml" => Samples::MODELS}) }, -> { engine.bundle },
     -> { engine.exchange }, -> { engine.explain({}) }, -> { engine.metrics }, -> { engine.audit_drain },
     -> { engine.evaluate_body("openai-chat", "{}") }, -> { engine.evaluate({a: "\xff"}) }].each do |call|
      assert_raises(Closed) { call.call }
    end
    assert_equal "preview", exchange.evaluate(Samples::PREVIEW).code, "an exchange keeps its policies"
    2.times { exchange.close }
    assert_raises(Closed) { exchange.evaluate(Samples::PREVIEW) }
    assert_raises(Closed) { exchange.save }
    closed = LlmPolicyEngine::Engine.load({"m.yaml" => Samples::MODELS}) { |lent| lent.tap(&:bundle) }
    assert_raises(Closed) { closed.bundle }
  end

  # Four threads decide in every way while one reloads: each decision is one of the two policies'.
  def test_threads_with_reload
    lax = Samples::MODELS.sub("code: preview", "code: other")
    engine = Samples.models
    done = false
    ways = [
      -> { engine.evaluate(Samples::PREVIEW) },
      -> { engine.evaluate(JSON.generate(Samples::PREVIEW)) },
      -> { engine.exchange.evaluate(Samples::PREVIEW) },
      -> { engine.evaluate_prepared(engine.prepare(Samples::PREVIEW)) }
    ]
    threads = ways.map do |way|
      Thread.new do
        count = 0
        # The reloads may be over before a thread had its first turn.
        until done && count.positive?
          begin
            assert_includes %w[preview other], way.call.code
            count += 1
          rescue StaleInput
            next # The policies were replaced in between.
          end
        end
        count
      end
    end
    100.times { |round| engine.reload({"models.yaml" => round.even? ? lax : Samples::MODELS}) }
    done = true
    threads.each { |thread| assert_operator thread.value, :>, 0 }
  end

  def test_closing_during_calls
    10.times do
      engine = Samples.models
      threads = Array.new(3) do
        Thread.new do
          loop { assert_equal "preview", engine.evaluate(Samples::PREVIEW).code }
        rescue Closed
          :closed
        end
      end
      sleep 0.003
      engine.close
      assert_equal [:closed] * 3, threads.map(&:value)
    end
  end

  # As a server does that loads the engine and then forks its workers, with threads under way.
  def test_forked_processes_decide
    engine = Samples.models
    engine.audit_start
    done = false
    busy = Thread.new { engine.evaluate(Samples::PREVIEW) until done }
    children = Array.new(20) do
      fork do
        right = Array.new(20) { engine.evaluate(Samples::PREVIEW).code }.uniq == ["preview"]
        engine.reload({"open.yaml" => Samples::MODELS.sub("code: preview", "code: other")})
        right &&= engine.evaluate(Samples::PREVIEW).code == "other" && engine.audit_drain["records"].length == 21
        exit!(right ? 0 : 1)
      end
    end
    children.each { |child| assert_predicate Process.wait2(child).last, :success? }
    done = true
    busy.join
    assert_equal "preview", engine.evaluate(Samples::PREVIEW).code
  end

  # The process holds no more after many evaluations than after some.
  def test_memory_is_flat
    times = Integer(ENV.fetch("EVALUATIONS", "100000"))
    engine = Samples.examples
    run = lambda do |count|
      json = Samples.context
      hash = JSON.parse(json)
      count.times do |round|
        case round % 8
        when 0 then engine.evaluate(hash).obligations
        when 1 then engine.evaluate_prepared(engine.prepare(json))
        when 2 then engine.exchange.save
        when 3
          begin
            engine.evaluate("nonsense")
          rescue InvalidInput => e
            e.decision
          end
        else engine.evaluate(json)
        end
      end
      3.times { GC.start }
    end
    run.call(20_000)
    before = resident_kilobytes
    run.call(times)
    grown = resident_kilobytes - before
    assert_operator grown, :<, 24_000, "#{grown} kB more after #{times} evaluations"
  end

  def resident_kilobytes
    Integer(File.read("/proc/self/status")[/^VmRSS:\s*(\d+)/, 1])
  end
end
