package llm

default allow := false

allow if not denied

denied if {
	input.request.data_classification == "restricted"
	off_hours
	not excepted
}

# In a server: time.now_ns() instead of the input's time.
now := time.parse_rfc3339_ns(input.now)

local := [now, "Europe/Berlin"]

off_hours if time.weekday(local) in {"Saturday", "Sunday"}

off_hours if time.clock(local)[0] < 8

off_hours if time.clock(local)[0] >= 18

excepted if {
	"on-call" in input.user.groups
	now < time.parse_rfc3339_ns("2027-01-01T00:00:00Z")
}
