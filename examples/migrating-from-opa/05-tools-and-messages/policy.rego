package llm

default allow := false

allow if count(deny) == 0

servers := {"mcp.example.com", "tools.example.com"}

deny contains sprintf("%s comes from an unknown server", [tool.name]) if {
	some tool in input.request.tools
	not tool.server in servers
}

deny contains "no system message of your own" if {
	some message in input.request.messages
	message.role == "system"
}

deny contains "too many tool messages" if {
	count([message | some message in input.request.messages; message.role == "tool"]) > 2
}

deny contains "not only texts from 1 to 20 characters" if not all_short

all_short if every message in input.request.messages {
	count(message.text) >= 1
	count(message.text) <= 20
}
