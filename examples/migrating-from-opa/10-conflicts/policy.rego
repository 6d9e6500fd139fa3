package llm

allow := true if input.user.tier == "premium"

allow := false if input.request.data_classification == "restricted"
