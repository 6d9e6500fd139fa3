module example.test/chat

go 1.24

require github.com/llm-policy-engine/llm-policy-engine/go v0.0.0

replace github.com/llm-policy-engine/llm-policy-engine/go => ../../go
