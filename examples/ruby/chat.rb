# frozen_string_literal: true

require "json"
require "llm_policy_engine"

# A chat endpoint that speaks the format of OpenAI's chat completions, as a Rack application, guarded before and after its model:
#
#   run Chat.new(File.join(__dir__, "policy.yaml"), model)
#
# Who asks is what the server in front says (`REMOTE_USER`), never what a body says.
class Chat
  FORMAT = "openai-chat"

  # `model` takes the messages and gives an answer.
  def initialize(policies, model)
    @engine = LlmPolicyEngine::Engine.open(policies)
    @model = model
  end

  def call(env)
    body = env["rack.input"].read
    exchange = @engine.exchange({user: {id: env["REMOTE_USER"].to_s}})
    decision = exchange.evaluate_body(FORMAT, body)
    return refused(decision) unless decision.allowed?

    request = JSON.parse(body)
    answer = JSON.generate(
      object: "chat.completion", model: request["model"],
      choices: [{index: 0, finish_reason: "stop",
                 message: {role: "assistant", content: @model.call(request["messages"])}}]
    )
    decision = exchange.evaluate_body(FORMAT, answer, stage: :response)
    return refused(decision) unless decision.allowed?

    [200, {"content-type" => "application/json"}, [answer]]
  rescue LlmPolicyEngine::Error => e
    refused(e.decision, 400)
  ensure
    exchange&.close
  end

  private

  # What may go to end users, and nothing else.
  def refused(decision, status = 403)
    error = {code: decision.code, message: decision.public_message || "The request was refused."}
    [status, {"content-type" => "application/json"}, [JSON.generate({error: error})]]
  end
end
