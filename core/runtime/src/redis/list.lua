-- How accounts stand, and what is open on them. Writes nothing.
--
-- KEYS: the books; of each account the account and what is due there.
-- ARGV: the time (empty: the server's); of each account window (3).

local now = begin(ARGV[1])
if not now then
  return { 'lost' }
end
local answer = { 'listed', now }
for i = 0, (#KEYS - 1) / 2 - 1 do
  local at = 2 + 3 * i
  local book = load_book(KEYS[2 + 2 * i], KEYS[3 + 2 * i], ARGV[at], ARGV[at + 1], ARGV[at + 2])
  advance(book, now)
  local due = redis.call('ZRANGE', book.due, 0, -1, 'WITHSCORES')
  local open = {}
  for j = 1, #due, 2 do
    local cost, position, expiry = parse(due[j])
    if tonumber(due[j + 1]) <= now then
      -- The next step will close it.
      close(book, cost, expiry == 'c' and cost or 0, position)
    else
      open[#open + 1] = string.match(due[j], '^%x+')
      open[#open + 1] = cost
      open[#open + 1] = tonumber(due[j + 1])
    end
  end
  -- `unpack` would not take thousands.
  answer[#answer + 1] = { get(book, 'c'), used(book), get(book, 'r'), get(book, 's'), open }
end
return answer
