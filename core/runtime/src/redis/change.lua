-- Settles, releases or extends a reservation.
--
-- KEYS: the books, the reservation; of each account the account and what is due there.
-- ARGV: the time (empty: the server's), id, settle, release or extend, the lease to extend by; of each account window (3) and
-- what it is settled with.

local now = begin(ARGV[1])
if not now then
  return { 'lost' }
end
local id, action, lease = ARGV[2], ARGV[3], tonumber(ARGV[4])

local hold = load_hold(now)
if not hold then
  return { 'unknown', now }
end
local late = hold.state == 'expired' and action == 'settle'
if hold.state ~= 'reserved' and not late then
  return { hold.state, now }
end

-- Exactly what was taken has to be named: the rest of the hash is state, digest, made and expires.
local named, count = {}, 0
for i = 3, #KEYS, 2 do
  if not hold[KEYS[i]] then
    return { 'other', now }
  end
  if not named[KEYS[i]] then
    named[KEYS[i]] = true
    count = count + 1
  end
end
if count ~= (#KEYS - 2) / 2 or count ~= redis.call('HLEN', KEYS[2]) - 4 then
  return { 'other', now }
end

for i = 0, (#KEYS - 2) / 2 - 1 do
  local key, due, at = KEYS[3 + 2 * i], KEYS[4 + 2 * i], 5 + 4 * i
  local book = load_book(key, due, ARGV[at], ARGV[at + 1], ARGV[at + 2])
  local actual = tonumber(ARGV[at + 3])
  local member = id .. ':' .. hold[key]
  local cost, position, expiry = parse(hold[key])
  expire(book, now)
  -- What somebody has deleted is not opened again.
  if book.exists then
    advance(book, now)
    if late then
      correct(book, expiry == 'c' and cost or 0, actual, position)
    elseif action == 'extend' then
      redis.call('ZADD', due, text(now + lease), member)
      keep_book(book, lease, now)
    else
      redis.call('ZREM', due, member)
      close(book, cost, action == 'settle' and actual or 0, position)
    end
    save_book(book)
  end
end
wrote = true
if action == 'extend' then
  redis.call('HSET', KEYS[2], 'expires', text(now + lease))
  redis.call('PEXPIRE', KEYS[2], text(div(lease, 1000) + REMEMBER))
else
  redis.call('HSET', KEYS[2], 'state', action == 'settle' and 'settled' or 'released')
  redis.call('PEXPIRE', KEYS[2], text(CLOSED))
end
finish(now)
return { late and 'late' or 'done', now }
