# frozen_string_literal: true

module LlmPolicyEngine
  # Policies, ready to decide. Any number of threads may use an engine, also while one of them reloads or closes it, and so may
  # processes that are forked.
  #
  # A context is a Hash, or a String of JSON. `stage` is `:request`, `:response`, `:tool_call` or `:tool_result`; `now` a Time,
  # without which it is the machine's clock.
  class Engine
    include Closeable

    # An engine from a file, or from all policy documents below a directory. `handles` are the actions that you carry out
    # (`:redact`, `:set`, `:route`, `:require_approval`, `:custom`): a mandatory action of a policy that is not among these is a
    # deny. `store` is where limits are kept, as a URL: `sqlite:` and the path of a file, which the processes of a machine share, or
    # `redis:` and a server; without it, in this process. With a block, the engine is closed after it.
    def self.open(path, handles: [], allow_without_policy: false, store: nil, &block)
      options = Policies.options(handles, allow_without_policy, store)
      lent(Error.translated { LlmPolicyNative::Engine.open(Policies.path(path), options) }, &block)
    end

    # As `open`, from documents in memory: a Hash from names, which messages use, to texts.
    def self.load(documents, handles: [], allow_without_policy: false, store: nil, &block)
      options = Policies.options(handles, allow_without_policy, store)
      lent(Error.translated { LlmPolicyNative::Engine.load(Policies.in_memory(documents), options) }, &block)
    end

    def self.lent(native)
      engine = new(native)
      return engine unless block_given?

      begin
        yield engine
      ensure
        engine.close
      end
    end
    private_class_method :new, :lent

    def initialize(native)
      @native = native
    end

    # Replaces the policies in one step, by those at a path or by a Hash from names to texts; gives the warnings. When they are
    # refused, nothing changes.
    def reload(policies)
      findings = Error.translated do
        case policies
        when Hash then @native.reload(Policies.in_memory(policies))
        else @native.reload_path(Policies.path(policies))
        end
      end
      findings.map { |finding| Finding.of(finding) }
    end

    # The digest of the documents: SHA-256, in hexadecimal.
    def bundle
      Error.translated { @native.bundle }
    end

    # Decides about a context.
    def evaluate(context, stage: :request, now: nil)
      decide(context, stage) { |bytes, at| @native.evaluate(bytes, at, now) }
    end

    # As `evaluate`, and takes nothing from limits.
    def dry_run(context, stage: :request, now: nil)
      decide(context, stage) { |bytes, at| @native.dry_run(bytes, at, now) }
    end

    # Decides about a provider's own body, a String. `format` is its name, `openai-chat`; `host` is what you say beside it: who asks
    # above all. Where both say a field, yours counts.
    def evaluate_body(format, body, host: {}, stage: :request, now: nil)
      decide(host, stage) { |bytes, at| @native.evaluate_body(format.to_s, body, bytes, at, now) }
    end

    # Reads a context once for many evaluations.
    def prepare(context)
      Error.translated { Prepared.send(:new, @native.prepare(bytes(context, :request))) }
    end

    # Decides about a context that was prepared.
    def evaluate_prepared(prepared, stage: :request, now: nil)
      native = prepared.instance_variable_get(:@native)
      Decision.new(Error.translated { @native.evaluate_prepared(native, Input.stage(stage), now) })
    end

    # Decides, and says of each rule and each clause why it did or did not match: `decision`, and `rules` with their `clauses`. For
    # operators; it shows values of the input.
    def explain(context, stage: :request, now: nil)
      JSON.parse(Error.translated { @native.explain(bytes(context, stage), Input.stage(stage), now) })
    end

    # As `explain`, about a provider's own body.
    def explain_body(format, body, host: {}, stage: :request, now: nil)
      JSON.parse(Error.translated do
        @native.explain_body(format.to_s, body, bytes(host, stage), Input.stage(stage), now)
      end)
    end

    # Begins an exchange: the stages of one turn. `host` is what you say: who asks, and what you know beside.
    def exchange(host = {})
      Error.translated { Exchange.send(:new, @native.exchange(bytes(host, :request))) }
    end

    # Goes on with an exchange that Exchange#save wrote, here or in another process.
    def resume(state)
      Error.translated { Exchange.send(:new, @native.resume(state)) }
    end

    # Closes what is reserved for a request that was allowed, with what it really used: `hold` is Decision#hold, and `used` such as
    # `{usage: {input_tokens: 420, output_tokens: 128}}`. Gives `:done`, `:late`, `:already_settled` and so on.
    def settle(hold, used = {})
      Error.translated { Input::CLOSINGS.fetch(@native.settle(hold, bytes(used, :request))) }
    end

    # Gives back what is reserved for a request that was not sent.
    def release(hold)
      Error.translated { Input::CLOSINGS.fetch(@native.release(hold)) }
    end

    # Lets what is reserved live on for another lease, ten minutes.
    def extend_hold(hold)
      Error.translated { Input::CLOSINGS.fetch(@native.extend(hold)) }
    end

    # Reports what became of a call that was allowed, to the breakers that let it through: `{outcome: "success", latency_ms: 812}`,
    # `failure` or `ignored`.
    def observe(hold, outcome)
      Error.translated { @native.observe(hold, bytes(outcome, :request)) }
    end

    # Sets a switch: until it is taken back or `until_time` has come, nothing goes through this breaker for this key, the values of the
    # breaker's `key`, or none for all of them.
    def switch_off(breaker, key = [], reason:, until_time: nil)
      Error.translated { @native.switch_off(breaker, key, reason, until_time) }
    end

    # Takes back what `switch_off` set for the same breaker and key.
    def switch_on(breaker, key = [])
      Error.translated { @native.switch_on(breaker, key) }
    end

    # The switches that are set, as canonical JSON.
    def switches_json
      Error.translated { @native.switches }
    end

    # The switches that are set: Hashes with `breaker`, `key`, `reason` and perhaps `until`.
    def switches
      JSON.parse(switches_json)
    end

    # What this engine has done so far.
    def metrics
      JSON.parse(Error.translated { @native.metrics })
    end

    # From now on one record is kept for each evaluation, until `audit_drain` takes it: at most `capacity` (8,192). With a `key`,
    # records have a digest of the input.
    def audit_start(capacity: nil, key: nil)
      Error.translated { @native.audit_start(capacity, key) }
    end

    # No more records are kept. Those that wait are dropped.
    def audit_stop
      Error.translated { @native.audit_stop }
    end

    # Takes out the oldest audit records, at most so many: `records`, `dropped`, `waiting`.
    def audit_drain(most = 1000)
      JSON.parse(Error.translated { @native.audit_drain(most) })
    end

    private

    def bytes(context, stage)
      Input.bytes(context) { |why| @native.refuse(why, Input.stage(stage)) }
    end

    def decide(context, stage)
      Error.translated { Decision.new(yield(bytes(context, stage), Input.stage(stage))) }
    end
  end

  # An input that was read once for many evaluations: Engine#prepare.
  class Prepared
    include Closeable

    private_class_method :new

    def initialize(native)
      @native = native
    end
  end
end
