-- The arithmetic of one account, as `llm_policy_ledger::book` has it. All numbers are whole: units and microseconds. Up to
-- 2^53 they are exact in the only number that there is here, and none becomes larger.

local MOST = 9007199254740992
-- Slices of a sliding window: sixty whole ones, and the one that is under way.
local WHOLE, SLICES = 60, 61
-- Milliseconds for which an account outlives what it is for, and a reservation that expired can still be settled.
local REMEMBER = 3600000
-- Milliseconds for which it is remembered how a reservation was closed.
local CLOSED = 60000

local wrote = false

-- `tostring` would round.
local function text(number)
  return string.format('%.0f', number)
end

local function div(a, b)
  return (a - math.fmod(a, b)) / b
end

-- The quotient of a * b by c, and the rest, however large the product is. A quotient above 2^53 is 2^53.
local function muldiv(a, b, c)
  local product = a * b
  if product < MOST then
    return div(product, c), math.fmod(product, c)
  end
  local quotient, rest = 0, 0
  local whole, part = div(a, c), math.fmod(a, c)
  local bits = {}
  while b > 0 do
    local bit_of_b = math.fmod(b, 2)
    bits[#bits + 1] = bit_of_b
    b = (b - bit_of_b) / 2
  end
  for i = #bits, 1, -1 do
    quotient, rest = quotient * 2, rest * 2
    if rest >= c then
      quotient, rest = quotient + 1, rest - c
    end
    if bits[i] == 1 then
      quotient, rest = quotient + whole, rest + part
      if rest >= c then
        quotient, rest = quotient + 1, rest - c
      end
    end
    if quotient > MOST then
      return MOST, 0
    end
  end
  return quotient, rest
end

local function muldiv_up(a, b, c)
  local quotient, rest = muldiv(a, b, c)
  if rest > 0 then
    quotient = quotient + 1
  end
  return quotient
end

-- A book: its key, the key of what is due, the window (`i` from a to b; `s` of length a; `b` of period a; `o`), the values
-- of its hash, and those of them that are to be written.
local function load_book(key, due, tag, a, b)
  local flat = redis.call('HGETALL', key)
  local values = {}
  for i = 1, #flat, 2 do
    values[flat[i]] = tonumber(flat[i + 1])
  end
  return { key = key, due = due, tag = tag, a = tonumber(a), b = tonumber(b), values = values, dirty = {},
    exists = #flat > 0 }
end

local function get(book, field)
  return book.values[field] or 0
end

local function put(book, field, value)
  if book.values[field] ~= value then
    book.values[field] = value
    book.dirty[field] = value
  end
end

local function save_book(book)
  local fields = {}
  for field, value in pairs(book.dirty) do
    fields[#fields + 1] = field
    fields[#fields + 1] = text(value)
  end
  if #fields > 0 then
    redis.call('HSET', book.key, unpack(fields))
    wrote = true
  end
  book.dirty = {}
end

-- r: reserved. s: settled. u: what the slices hold. h: the slice that is under way. 0 to 60: slices. l: level of a bucket.
-- c: what can be used at most at a time. t: the time of the level. f: what drains each period. p: marks that were reported. g: when they are reported again.
local function used(book)
  if book.tag == 'i' then
    return math.min(MOST, get(book, 'r') + get(book, 's'))
  elseif book.tag == 's' then
    return get(book, 'u')
  elseif book.tag == 'b' then
    return get(book, 'l')
  end
  return get(book, 'r')
end

local function width(book)
  return math.max(1, div(book.a + WHOLE - 1, WHOLE))
end

local function slice(index)
  return string.format('%d', math.fmod(index, SLICES))
end

local function advance(book, now)
  if book.tag == 's' then
    local head, before = div(now, width(book)), book.values.h
    if not before then
      put(book, 'h', head)
      return
    end
    if head <= before then
      return
    end
    if head - before >= SLICES then
      for i = 0, WHOLE do
        if get(book, slice(i)) ~= 0 then
          put(book, slice(i), 0)
        end
      end
      put(book, 'u', 0)
    else
      for i = before + 1, head do
        local left = get(book, slice(i))
        if left ~= 0 then
          put(book, slice(i), 0)
          put(book, 'u', math.max(0, get(book, 'u') - left))
        end
      end
    end
    put(book, 'h', head)
  elseif book.tag == 'b' then
    if not book.values.t then
      put(book, 't', now)
    end
    local level, at = get(book, 'l'), get(book, 't')
    local units = muldiv(math.max(0, now - at), get(book, 'f'), book.a)
    if units >= level then
      put(book, 'l', 0)
      put(book, 't', math.max(at, now))
    elseif units > 0 then
      put(book, 'l', level - units)
      put(book, 't', at + muldiv_up(units, book.a, get(book, 'f')))
    end
  end
end

-- Replaces `from` units by `to` in what is metered.
local function correct_meter(book, from, to, position)
  if book.tag == 's' then
    local head = get(book, 'h')
    if position > head or head - position >= SLICES then
      return
    end
    local before = get(book, slice(position))
    local after = math.min(MOST, math.max(0, before - from) + to)
    put(book, slice(position), after)
    put(book, 'u', math.min(MOST, math.max(0, get(book, 'u') - before) + after))
  elseif book.tag == 'b' then
    put(book, 'l', math.min(MOST, math.max(0, get(book, 'l') + to - from)))
  end
end

local function settle(book, charged, actual, position)
  if book.tag ~= 'o' then
    put(book, 's', math.min(MOST, math.max(0, get(book, 's') - charged) + actual))
  end
end

local function close(book, cost, actual, position)
  put(book, 'r', math.max(0, get(book, 'r') - cost))
  settle(book, 0, actual)
  correct_meter(book, cost, actual, position)
end

local function correct(book, charged, actual, position)
  settle(book, charged, actual)
  correct_meter(book, charged, actual, position)
end

-- Where it was reserved.
local function reserve(book, cost, refill, now)
  put(book, 'r', get(book, 'r') + cost)
  if book.tag == 's' then
    advance(book, now)
    correct_meter(book, 0, cost, get(book, 'h'))
    return get(book, 'h')
  elseif book.tag == 'b' then
    advance(book, now)
    put(book, 'f', refill)
    put(book, 'l', math.min(MOST, get(book, 'l') + cost))
  end
  return 0
end

-- Microseconds until no more than `target` is used; -1: nobody knows.
local function wait(book, target, refill, now)
  if book.tag == 'i' then
    return math.max(0, book.b - now)
  elseif book.tag == 's' then
    local left, head = get(book, 'u'), get(book, 'h')
    for index = head - WHOLE, head do
      if left <= target then
        break
      end
      left = math.max(0, left - get(book, slice(index)))
      if left <= target then
        return math.max(0, (index + SLICES) * width(book) - now)
      end
    end
  elseif book.tag == 'b' and refill > 0 then
    local time = muldiv_up(math.max(0, get(book, 'l') - target), book.a, refill)
    return math.max(0, time - math.max(0, now - get(book, 't')))
  end
  return -1
end

-- Whether a cost has room, and how long it would have to wait. A ceiling of -1 is none.
local function fit(book, cost, ceiling, refill, now)
  local before = used(book)
  local fits = get(book, 'r') + get(book, 's') + cost <= MOST and before + cost <= MOST
    and (ceiling < 0 or before + cost <= ceiling)
  if not fits and cost <= ceiling then
    return false, wait(book, ceiling - cost, refill, now)
  end
  return fits, -1
end

local function reached(marks, use)
  local bits = 0
  for i = 1, #marks do
    if marks[i] <= use then
      bits = bit.bor(bits, bit.lshift(1, i - 1))
    end
  end
  return bits
end

local function still_reported(book, marks, before, now)
  if book.tag == 'o' then
    return bit.band(get(book, 'p'), reached(marks, before))
  elseif book.tag ~= 'i' and get(book, 'g') <= now then
    return 0
  end
  return get(book, 'p')
end

local function report(book, marks, before, new, now)
  local still = still_reported(book, marks, before, now)
  if new ~= 0 and still == 0 and (book.tag == 's' or book.tag == 'b') then
    put(book, 'g', now + book.a)
  end
  local bits = bit.bor(still, new)
  if bits ~= get(book, 'p') then
    put(book, 'p', bits)
  end
end

-- What a member of the set of what is due says, behind the id: cost, position, and what expiry does.
local function parse(entry)
  local cost, position, expiry = string.match(entry, '(%d+):(%d+):(%a)$')
  return tonumber(cost), tonumber(position), expiry
end

-- Closes what is due. A reservation is closed on each account when that is next looked at: nobody can see it sooner.
local function expire(book, now)
  local due = redis.call('ZRANGEBYSCORE', book.due, '-inf', text(now))
  if #due == 0 then
    return
  end
  redis.call('ZREMRANGEBYSCORE', book.due, '-inf', text(now))
  wrote = true
  if book.exists then
    advance(book, now)
    for _, member in ipairs(due) do
      local cost, position, expiry = parse(member)
      close(book, cost, expiry == 'c' and cost or 0, position)
    end
    save_book(book)
  end
end

-- Lets a key live for at least so many milliseconds. Not written at each step.
local function keep(key, milliseconds)
  if redis.call('PTTL', key) < milliseconds then
    redis.call('PEXPIRE', key, text(milliseconds + 60000))
  end
end

-- Lets an account live until its window, its leases, and what can be said late are over.
local function keep_book(book, lease, now)
  local tail = 0
  if book.tag == 'i' then
    tail = book.b - now
  elseif book.tag == 's' then
    tail = book.a + 2 * width(book)
  elseif book.tag == 'b' then
    tail = book.a
    if get(book, 'f') > 0 then
      tail = math.max(tail, muldiv_up(get(book, 'l'), book.a, get(book, 'f')))
    end
  end
  local milliseconds = math.min(MOST / 1000, div(math.max(tail, lease), 1000)) + REMEMBER
  keep(book.key, milliseconds)
  keep(book.due, milliseconds)
end

-- The time of this step, and nil when the books were lost: who begins them anew writes an incarnation.
local function begin(now)
  local books = redis.call('HMGET', KEYS[1], 'incarnation', 'clock')
  if not books[1] then
    return nil
  end
  if now == '' then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  end
  -- It never goes back behind what was written.
  return math.max(tonumber(now), tonumber(books[2] or 0))
end

local function finish(now)
  if wrote then
    redis.call('HSET', KEYS[1], 'clock', text(now))
  end
end

local function load_hold(now)
  local flat = redis.call('HGETALL', KEYS[2])
  if #flat == 0 then
    return nil
  end
  local hold = {}
  for i = 1, #flat, 2 do
    hold[flat[i]] = flat[i + 1]
  end
  if hold.state == 'reserved' and tonumber(hold.expires) <= now then
    hold.state = 'expired'
  end
  return hold
end
