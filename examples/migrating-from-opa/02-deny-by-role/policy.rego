package llm

default allow := false

allow if not denied

denied if {
	input.user.role == "contractor"
	input.request.model in {"gpt-5", "claude-opus-4-5"}
}
