module github.com/llm-policy-engine/llm-policy-engine/go

go 1.24
