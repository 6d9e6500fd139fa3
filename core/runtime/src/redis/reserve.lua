-- Takes all or nothing.
--
-- KEYS: the books, the reservation; of each account the account and what is due there.
-- ARGV: the time (empty: the server's), digest, lease, 1 for a dry run, id; of each account space, window (3), cost,
-- ceiling, refill, expiry, marks, capacity.

local now = begin(ARGV[1])
if not now then
  return { 'lost' }
end
local digest, lease, dry_run, id = ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5]

local takes = {}
for i = 0, (#KEYS - 2) / 2 - 1 do
  local at = 6 + 10 * i
  if ARGV[at + 1] == 'i' and (now < tonumber(ARGV[at + 2]) or now >= tonumber(ARGV[at + 3])) then
    return { 'moved', now }
  end
  local marks = {}
  for mark in string.gmatch(ARGV[at + 8], '%d+') do
    marks[#marks + 1] = tonumber(mark)
  end
  takes[i + 1] = { key = KEYS[3 + 2 * i], due = KEYS[4 + 2 * i], shadow = ARGV[at] == 's', tag = ARGV[at + 1],
    a = ARGV[at + 2], b = ARGV[at + 3], cost = tonumber(ARGV[at + 4]), ceiling = tonumber(ARGV[at + 5]),
    refill = tonumber(ARGV[at + 6]), expiry = ARGV[at + 7], marks = marks, capacity = tonumber(ARGV[at + 9]) }
end

local hold = load_hold(now)
if hold then
  if hold.digest ~= digest or hold.state ~= 'reserved' then
    return { 'conflict', now }
  end
  local taken = {}
  for i, take in ipairs(takes) do
    local held = hold[take.key] ~= nil
    -- Asked again in another window.
    if not held and not take.shadow then
      return { 'conflict', now }
    end
    taken[i] = held and '1' or '0'
  end
  return { 'replayed', now, tonumber(hold.expires), table.concat(taken) }
end

local live, shadow = true, true
for _, take in ipairs(takes) do
  local book = load_book(take.key, take.due, take.tag, take.a, take.b)
  expire(book, now)
  advance(book, now)
  take.book, take.before = book, used(book)
  take.fits, take.wait = fit(book, take.cost, take.ceiling, take.refill, now)
  take.after = math.min(MOST, take.before + take.cost)
  local first = bit.band(reached(take.marks, take.after),
    bit.bnot(still_reported(book, take.marks, take.before, now)))
  -- What has no room reaches no mark below the ceiling, it only runs into those that block.
  if not take.fits and take.ceiling >= 0 then
    first = bit.band(first, bit.bnot(reached(take.marks, take.ceiling)))
  end
  take.first = first
  if not take.fits then
    if take.shadow then
      shadow = false
    else
      live = false
    end
  end
end

local expires = now + lease
local taken = {}
for i, take in ipairs(takes) do
  local book = take.book
  local takes_part = live and not dry_run and (shadow or not take.shadow)
  taken[i] = takes_part and '1' or '0'
  if takes_part then
    local position = reserve(book, take.cost, take.refill, now)
    report(book, take.marks, take.before, take.first, now)
    put(book, 'c', take.capacity)
    -- An account of zeros has to be there, too.
    book.dirty.r = get(book, 'r')
    save_book(book)
    local entry = text(take.cost) .. ':' .. text(position) .. ':' .. take.expiry
    redis.call('ZADD', take.due, text(expires), id .. ':' .. entry)
    redis.call('HSET', KEYS[2], take.key, entry)
    keep_book(book, lease, now)
  elseif not dry_run and not take.fits and book.exists then
    report(book, take.marks, take.before, take.first, now)
    -- Only what was reported: the rest follows from the time.
    book.dirty = { p = book.dirty.p, g = book.dirty.g }
    save_book(book)
  end
end
if live and not dry_run then
  redis.call('HSET', KEYS[2], 'state', 'reserved', 'digest', digest, 'made', text(now),
    'expires', text(expires))
  redis.call('PEXPIRE', KEYS[2], text(div(lease, 1000) + REMEMBER))
end
finish(now)

local answer = { live and 'taken' or 'refused', now, live and not dry_run and expires or now, table.concat(taken) }
for _, take in ipairs(takes) do
  local balance = { take.before, take.after, get(take.book, 'r'), get(take.book, 's'), take.fits and 1 or 0, take.wait,
    take.first }
  for _, number in ipairs(balance) do
    answer[#answer + 1] = number
  end
end
return answer
