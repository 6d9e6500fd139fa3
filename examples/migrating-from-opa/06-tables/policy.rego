package llm

default allow := false

allow if input.request.max_tokens <= object.get(data.max_tokens, input.user.team, 500)
