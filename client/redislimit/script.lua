-- This script gives out slots: times at which one caller of the fleet may make one
-- attempt. No span has more than limit slots, and a slot never moves.
--
-- A caller whose slot is at most "ahead" from now gets it. Any other gets a reservation:
-- a place in the queue, with the time at which its slot is expected. It asks again less
-- than "ahead" before that time, and gets the next slot. The reservation is a lease that
-- ends a quarter of "ahead" before that time. So the slots of a killed process go to others.
--
-- KEYS  log    slots of the last span and the near future: id by time
--       queue  reservations: id by expected time
--       state  "seen skew pause moved": the clock's last value, what is added to Redis's
--              clock, until when there are no slots, and the pause that last moved the queue
-- ARGV  limit, span, ahead  (all times are whole microseconds)
--       pause               no slots for so long from now; 0 changes nothing
--       back, used, asked   how many of each follow
--       back × id           slots and reservations that are not needed any more
--       used × (id, age)    attempts that were made without asking
--       asked × (id, wait)  slots wanted, at most wait from now; -1: at any time
-- Answer: how long the pause still lasts
--         10 numbers: the slots in each tenth of the last span, the latest first
--         asked × (time from now, 0 too late and not kept | 1 reservation | 2 slot)

local log, queue, state, arg = KEYS[1], KEYS[2], KEYS[3], 7
local limit, span, ahead, longer = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function take()
  arg = arg + 1
  return ARGV[arg]
end

local function whole(n) return string.format('%.0f', n) end

-- at returns the time of an entry by its index; -1 is the last entry.
local function at(key, index)
  return tonumber(redis.call('ZRANGE', key, index, index, 'WITHSCORES')[2])
end

-- If Redis's clock goes back, after a failover or a correction, this one goes on.
local time = redis.call('TIME')
time = tonumber(time[1]) * 1000000 + tonumber(time[2])
local seen, skew, pause, moved = string.match(redis.call('GET', state) or '0 0 0', '(%S+) (%S+) (%S+) ?(%S*)')
local now = math.max(time + tonumber(skew), tonumber(seen))
-- The queue moves when the pause has become longer by more than a little: each of many refused
-- attempts extends it.
pause = longer > 0 and math.max(now + longer, tonumber(pause)) or tonumber(pause)
moved = tonumber(moved) or 0
local extended = longer > 0 and pause > moved + ahead / 16
if extended then moved = pause end

-- Who had to wait leaves one by one: all within a twentieth of the span, or evenly in
-- the span after a pause, in order not to be refused again together.
local gap = math.floor(span / limit / (now < pause + span and 1 or 20))

local answer, to = {math.max(pause - now, 0)}, '+inf'
for i = 1, 10 do
  local from = whole(now - i * span / 10)
  answer[i + 1] = redis.call('ZCOUNT', log, '(' .. from, to)
  to = from
end

-- The expiry comes before all other writes: a script that is refused half-way, for
-- want of memory or of a right, leaves no key without one.
local last = math.max(now, pause, at(log, -1) or 0, at(queue, -1) or 0)
local function ttl() return whole((last - now + span) / 1000 + 1000) end
redis.call('SET', state, table.concat({whole(now), whole(now - time), whole(pause), whole(moved)}, ' '), 'PX', ttl())
for _, key in ipairs({log, queue}) do redis.call('PEXPIRE', key, ttl()) end

local function remove(id)
  for _, key in ipairs({log, queue}) do redis.call('ZREM', key, id) end
end

local function add(key, id, t)
  redis.call('ZADD', key, whole(t), id)
  last = math.max(last, t)
  for _, k in ipairs({key, state}) do redis.call('PEXPIRE', k, ttl()) end
end

redis.call('ZREMRANGEBYSCORE', log, '-inf', whole(now - span))
redis.call('ZREMRANGEBYSCORE', queue, '-inf', whole(now + ahead / 4)) -- nobody asked again
for _ = 1, tonumber(ARGV[5]) do remove(take()) end
for _ = 1, tonumber(ARGV[6]) do
  local id, age = take(), tonumber(take())
  if age < span then add(log, id, now - age) end
end

-- free returns the first time for one more slot, after all others and the first so many
-- reservations: a span after the one that is limit before it.
local function free(queued)
  local latest, before = at(log, -1), at(log, queued - limit)
  if queued > 0 then latest = at(queue, queued - 1) end
  if queued >= limit then before = at(queue, queued - limit) end
  local t = math.max(now, pause, latest or 0, (before or -span) + span)
  return t > now and math.max(t, (latest or 0) + gap) or t
end

-- What delays all slots delays the reservations, in their order.
local held = (extended or ARGV[6] ~= '0') and redis.call('ZRANGE', queue, 0, -1, 'WITHSCORES') or {}
for i = 1, #held, 2 do remove(held[i]) end
for i = 1, #held, 2 do add(queue, held[i], math.max(tonumber(held[i + 1]), free((i - 1) / 2))) end

for _ = 1, tonumber(ARGV[7]) do
  local id, wait = take(), tonumber(take())
  local had = tonumber(redis.call('ZSCORE', queue, id) or redis.call('ZSCORE', log, id) or '')
  remove(id)
  local t, status, queued = free(0), 2, redis.call('ZCARD', queue)
  if t > now + ahead or not had and queued > 0 then
    -- One that has waited keeps its place: before those who are expected later, and at the end of
    -- a pause, where the queue has moved, also before those who are expected then.
    if had then queued = redis.call('ZCOUNT', queue, '-inf', (t == pause and '(' or '') .. whole(t)) end
    t, status = math.max(free(queued), had or 0, now + ahead), 1
    local tie = had and t == pause and redis.call('ZCOUNT', queue, whole(t), whole(t)) > 0
    if tie then t = math.max(t - 1, now + ahead) end
  end
  if wait >= 0 and t - now > wait then status = 0 else add(status == 2 and log or queue, id, t) end
  for _, n in ipairs({t - now, status}) do table.insert(answer, n) end
end
return answer
