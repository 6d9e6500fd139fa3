package llm

default allow := false

allow if count(deny) == 0

deny contains sprintf("%s is a preview", [input.request.model]) if {
	endswith(input.request.model, "-preview")
}

deny contains message if {
	input.request.max_tokens > 4000
	message := sprintf("%d tokens are too many", [input.request.max_tokens])
}

warn contains "answers will vary much" if input.request.temperature > 1.5

warn contains "no ticket" if not input.metadata.ticket
