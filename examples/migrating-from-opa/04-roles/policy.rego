package llm

default allow := false

grants := {
	"developer": {"gpt-4o-mini", "claude-haiku-4-5"},
	"researcher": {"gpt-4o-mini", "gpt-5"},
}

allow if {
	some role in input.user.roles
	input.request.model in grants[role]
}

allow if {
	privileged := {"admin", "on-call"}
	count(privileged & {role | some role in input.user.roles}) > 0
}
