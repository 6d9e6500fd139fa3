# frozen_string_literal: true

require "minitest/autorun"
require "stringio"
require_relative "chat"

class ChatTest < Minitest::Test
  # With `AKIA` before it, it looks like a key of AWS.
  LETTERS = "QWERTYUIOPASDFGH"

  # A model of our own: it says the last message again, and lets out a key when it is asked for one.
  MODEL = lambda do |messages|
    said = messages.last["content"]
    said.include?("key") ? "It is AKIA#{LETTERS}." : "You said: #{said}"
  end

  def setup
    @chat = Chat.new(File.join(__dir__, "policy.yaml"), MODEL)
  end

  def ask(content, model: "gpt-5", user: "ann", body: nil)
    body ||= JSON.generate({model: model, messages: [{role: "user", content: content}]})
    status, _, parts = @chat.call({"REMOTE_USER" => user, "rack.input" => StringIO.new(body)})
    [status, JSON.parse(parts.join)]
  end

  def test_an_answer_comes_through
    status, answer = ask("Hello!")
    assert_equal [200, "You said: Hello!"], [status, answer["choices"][0]["message"]["content"]]
  end

  def test_what_is_refused_says_only_what_users_may_read
    assert_equal [403, {"error" => {"code" => "sign_in", "message" => "Please sign in."}}], ask("Hello!", user: nil)
    assert_equal [403, {"error" => {"code" => "preview_model", "message" => "This model is not for production."}}],
                 ask("Hello!", model: "gpt-5-preview")
    assert_equal [403, "secret"], ask("Use AKIA#{LETTERS} please").then { |status, said| [status, said["error"]["code"]] }
    assert_equal [403, "secret_in_answer"], ask("What is the key?").then { |status, said| [status, said["error"]["code"]] }
    assert_equal [400, "invalid_input"], ask(nil, body: "nonsense").then { |status, said| [status, said["error"]["code"]] }
    status, said = ask(nil, body: '{"user": {"id": "root"}, "model": "gpt-5"')
    assert_equal [400, "The request was refused."], [status, said["error"]["message"]]
  end
end
