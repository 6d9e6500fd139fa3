package llm

default allow := false

allow := true if {
	"admin" in input.user.roles
} else := false if {
	startswith(input.request.model, "experimental-")
} else := true if {
	input.user.tier == "premium"
}
