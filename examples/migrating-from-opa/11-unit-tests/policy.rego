package llm

default allow := false

allow if {
	input.user.tier == "premium"
	input.request.model in {"gpt-5", "gpt-4o"}
}
