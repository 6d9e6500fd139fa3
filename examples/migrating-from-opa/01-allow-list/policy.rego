package llm

default allow := false

models := {"gpt-4o", "gpt-4o-mini", "claude-haiku-4-5"}

allow if input.request.model in models
