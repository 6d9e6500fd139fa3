package llm_test

import data.llm

premium := {"user": {"tier": "premium"}, "request": {"model": "gpt-5"}}

test_premium_may_use_gpt_5 if llm.allow with input as premium

test_free_may_not if not llm.allow with input as object.union(premium, {"user": {"tier": "free"}})

test_other_models_are_denied if {
	not llm.allow with input as object.union(premium, {"request": {"model": "o9"}})
}

test_no_tier_is_denied if not llm.allow with input as {"request": {"model": "gpt-5"}}
