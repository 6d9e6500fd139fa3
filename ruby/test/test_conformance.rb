# frozen_string_literal: true

require_relative "helper"
require "fileutils"
require "tmpdir"

# The cases that every language runs: `conformance/README.md` says what they are.
class TestConformance < Minitest::Test
  CASES = File.join(Samples::ROOT, "conformance/cases")
  RESULTS = {}

  Dir[File.join(CASES, "*/*.json")].sort.each do |file|
    name = file.delete_prefix("#{CASES}/").delete_suffix(".json")
    define_method("test_#{name}") do
      test = JSON.parse(File.read(file), max_nesting: false)
      Dir.mktmpdir { |folder| RESULTS[name] = Case.new(test, folder).run }
      assert_equal test["expect"], RESULTS[name]
    end
  end

  Minitest.after_run do
    results = File.join(Samples::ROOT, "conformance/results")
    FileUtils.mkdir_p(results)
    File.write(File.join(results, "ruby.json"), JSON.generate(RESULTS))
  end

  # One case, and what a host holds in its course.
  class Case
    include LlmPolicyEngine

    def initialize(test, folder)
      @test = test
      @folder = folder
      @hold = ""
      @limits = "[]"
    end

    def run
      opened = outcome { @engine = open }
      return [opened] unless opened == "ok"

      @test["steps"].map { |step| step(step) }
    end

    private

    def open
      options = {handles: @test.fetch("handles", []), allow_without_policy: @test.fetch("allow_without_policy", false)}
      return LlmPolicyEngine::Engine.load(texts(@test["policies"]), **options) unless @test["files"]

      texts(@test["policies"].merge(@test["files"])).each do |name, text|
        file = File.join(@folder, name)
        FileUtils.mkdir_p(File.dirname(file))
        File.binwrite(file, text)
      end
      LlmPolicyEngine::Engine.open(File.join(@folder, @test.fetch("path", ".")), **options)
    end

    def texts(policies)
      policies.sort.to_h { |name, lines| [name, lines.join("\n")] }
    end

    def step(step)
      stage = step["stage"]
      now = step["now"] && Time.utc(*step["now"].scan(/\d+/))
      case step["do"]
      when "evaluate" then evaluate(step["context"], stage, now)
      when "body"
        one(ways(step["host"]).map do |host|
          decision { @engine.evaluate_body(step["format"], bytes(step["body"]), host: host, stage: stage, now: now) }
        end)
      when "prepare" then outcome { @prepared = @engine.prepare(ways(step["context"]).first) }
      when "prepared" then decision { @engine.evaluate_prepared(@prepared, stage: stage, now: now) }
      when "begin" then outcome { @exchange = @engine.exchange(ways(step["host"]).first) }
      when "next"
        decision do
          if step["format"]
            @exchange.evaluate_body(step["format"], bytes(step["body"]), stage: stage, now: now)
          else
            @exchange.evaluate(ways(step["body"]).first, stage: stage, now: now)
          end
        end
      when "resume" then outcome { @exchange = @engine.resume(@exchange.save) }
      when "take"
        @hold = ""
        @limits = "[]"
        decision do
          @engine.evaluate(ways(step["context"]).first, stage: stage, now: now).tap do |decision|
            @hold = decision.hold.to_s
            @limits = decision.limits_json
          end
        end
      when "dry_run" then one(ways(step["context"]).map { |way| decision { @engine.dry_run(way, stage: stage, now: now) } })
      when "limits" then @limits
      when "settle"
        used = step["used"] && ways(step["used"]).first
        closed { step["exchange"] ? @exchange.settle(used) : @engine.settle(@hold, used) }
      when "release" then closed { step["exchange"] ? @exchange.release : @engine.release(@hold) }
      when "extend" then closed { @engine.extend_hold(@hold) }
      when "observe"
        said = ways(step["outcome"]).first
        outcome { step["exchange"] ? @exchange.observe(said) : @engine.observe(@hold, said) }
      when "switch_off" then outcome { @engine.switch_off(step["breaker"], step["key"], reason: step["reason"]) }
      when "switch_on" then outcome { @engine.switch_on(step["breaker"], step["key"]) }
      when "switches" then closed { @engine.switches_json }
      when "scan" then closed { detector(step).scan_json(bytes(step["text"])) }
      when "redact"
        format, stage = step["form"].split("/")
        closed { detector(step).redact(bytes(step["text"]), style: step["style"], format: format, stage: stage) }
      when "redact_body"
        closed do
          @redacted = @exchange.redact(bytes(step["body"]), format: step["format"])
          step["hide"] ? "ok" : @redacted
        end
      when "restore" then closed { @exchange.restore(step["text"] ? bytes(step["text"]) : @redacted) }
      when "stream" then closed { stream(@exchange.stream(step["format"], now: now), step) }
      when "reload" then outcome { @engine.reload(texts(step["policies"])) }
      when "close" then outcome { @engine.close }
      when "panic" then outcome { LlmPolicyEngine.self_test_panic }
      else raise "unknown step #{step}"
      end
    end

    def detector(step)
      Detector.new(bytes(step["options"]))
    end

    # What comes through of a stream, and its decision.
    def stream(stream, step)
      came = "".b
      bytes(step["chunks"]).b.scan(/.{1,#{step["size"]}}/mn) do |chunk|
        passed = stream.push(chunk)
        came << passed.bytes.b
        break if passed.stopped
      rescue Error
        break
      end
      ending = step["abort"] ? outcome { stream.abort } : decision { stream.finish.tap { |all| came << all.bytes.b }.decision }
      "#{came.force_encoding("UTF-8")}\n#{ending}"
    end

    # By all ways that lead to the same.
    def evaluate(context, stage, now)
      one(ways(context).flat_map do |way|
        asked = decision { @engine.evaluate(way, stage: stage, now: now) }
        begin
          prepared = @engine.prepare(way)
          [asked, decision { @engine.evaluate_prepared(prepared, stage: stage, now: now) }]
        rescue Error => e
          raise "`prepare` differs" unless asked.start_with?(e.code)

          [asked]
        end
      end)
    end

    def one(results)
      raise "two ways, two answers: #{results.uniq}" unless results.uniq.one?

      results.first
    end

    def decision
      yield.canonical_json
    rescue Error => e
      # The engine was closed, or the stage is none: nobody stands behind the deny.
      e.decision.bundle.empty? ? e.code : "#{e.code} #{e.decision.canonical_json}"
    end

    # What became of a reservation; or any other text.
    def closed
      yield.to_s
    rescue Error => e
      e.code
    end

    def outcome
      yield
      "ok"
    rescue Error => e
      e.code
    end

    # What is handed in, in all forms that Ruby has for it.
    def ways(data)
      data.key?("value") ? [data["value"], bytes(data)] : [bytes(data)]
    end

    def bytes(data)
      key, content = data.first
      case key
      when "value" then JSON.generate(content, max_nesting: 0)
      when "text" then content
      when "repeat" then content.map { |text, times| text * times }.join
      when "base64" then content.unpack1("m")
      end
    end
  end
end
