package llm

default allow := false

allow if count(deny) == 0

deny contains "no second factor" if not input.user.mfa_verified

deny contains "too many tokens for the free tier" if {
	object.get(input.user, "tier", "free") == "free"
	input.request.max_tokens > 1000
}

deny contains "production needs a ticket" if {
	input.request.environment == "production"
	not input.metadata.ticket
}
