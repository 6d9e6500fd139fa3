# frozen_string_literal: true

require "minitest/autorun"
require "llm_policy_engine"

# What several tests use.
module Samples
  ROOT = File.expand_path("../..", __dir__)

  MODELS = <<~YAML
    version: "1.0"
    metadata: {name: models}
    config: {default_action: allow}
    rules:
      - id: no-preview
        when: request.model.endsWith('-preview')
        actions:
          - deny: {reason: "{{ request.model }} is a preview", code: preview, public_message: Not for production.}
          - audit: {severity: high}
      - {id: slow, when: request.model == 'slow', actions: [{throttle: {delay_ms: 1500}}]}
      - {id: careful, when: request.model == 'careful', actions: [{warn: {message: mind the gap}}]}
      - {id: secret, when: request.model == 'secret', actions: [{redact: {fields: [request.prompt], detect: [secret]}}]}
      - {id: elsewhere, when: request.model == 'large', actions: [{route: {model: small}}]}
      - {id: answers, stages: [response], when: response.text.contains('!!!'), actions: [{deny: {reason: shouts}}]}
  YAML

  BUDGET = <<~YAML
    version: "1.0"
    metadata: {name: budget}
    config: {default_action: allow}
    limits:
      day: {kind: budget, key: user.id, amount: 5 USD, window: {fixed: 1d}}
  YAML

  BREAKERS = <<~YAML
    version: "1.0"
    metadata: {name: breakers}
    config: {default_action: allow}
    breakers: {model: {key: request.model, consecutive_failures: 1}}
  YAML

  PREVIEW = {request: {model: "gpt-5-preview"}}.freeze

  def self.models(**options)
    LlmPolicyEngine::Engine.load({"models.yaml" => MODELS}, **options)
  end

  def self.examples
    LlmPolicyEngine::Engine.open(File.join(ROOT, "examples/policies"))
  end

  def self.context
    File.binread(File.join(ROOT, "examples/contexts/allowed-developer.json"))
  end
end
