-- One trip to the log. Everything is in whole microseconds of one clock.
--
-- KEYS  log    every attempt of the last span, and every place given ahead: id by instant
--       firm   those of log that stay as they are; no span of firm holds more than limit
--       kept   those of log that must be asked for again before their instant
--       state  seen, skew: the clock; pause: until when nobody may go;
--              holes, gaps: 1 where log, or firm, may have room between others
-- ARGV  limit, span     no more than limit in any span
--       apart           how far apart those go who had to wait, at least
--       horizon         a place no further ahead than this is firm
--       pause           0, or for how long from now nobody may go
--       used, back, asked   how many of each follow
--       used × (id, age)    attempts that went without asking
--       back × id           places given back
--       asked × (id, wait)  places wanted, no later than wait from now, -1: whenever
-- Answer: now, pause, asked × (instant, 0 too late and not kept | 1 kept | 2 firm)

local log, firm, kept, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local limit, span, apart = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local horizon, longer = tonumber(ARGV[4]), tonumber(ARGV[5])
local arg = 8

local function whole(n) return string.format('%.0f', n) end

local function take()
  arg = arg + 1
  return ARGV[arg]
end

-- The clock never goes back: after a failover, or a correction of the host's
-- clock, it goes on from what was seen last.
local time = redis.call('TIME')
local was = redis.call('HMGET', state, 'seen', 'skew', 'pause', 'holes', 'gaps')
local seen, skew = tonumber(was[1] or 0), tonumber(was[2] or 0)
local pause = tonumber(was[3] or 0)
local room = {[log] = was[4] == '1', [firm] = was[5] == '1'}
local now = tonumber(time[1]) * 1000000 + tonumber(time[2]) + skew
if now < seen then
  skew = skew + seen - now
  now = seen
end
if longer > 0 then pause = math.max(pause, now + longer) end
-- Who refuses has nothing left, and most likely gets it back bit by bit: for a span
-- those who wait go evenly, not to be refused again as one.
if now < pause + span then apart = math.max(apart, math.ceil(span / limit)) end
-- The first write is one that a Redis without memory refuses: all or nothing.
redis.call('HSET', state, 'seen', whole(now), 'skew', whole(skew), 'pause', whole(pause))

local function add(id, t, to)
  redis.call('ZADD', log, whole(t), id)
  redis.call('ZADD', to, whole(t), id)
end

local function drop(id)
  if redis.call('ZREM', log, id) == 1 then room[log] = true end
  if redis.call('ZREM', firm, id) == 1 then room[firm] = true end
  redis.call('ZREM', kept, id)
end

for _, key in ipairs({log, firm}) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now - span))
end
for _ = 1, tonumber(ARGV[6]) do
  local id, age = take(), tonumber(take())
  if age < span then add(id, now - age, firm) end
end
for _ = 1, tonumber(ARGV[7]) do drop(take()) end
-- Whoever kept a place and has not asked again is gone.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', kept, '-inf', whole(now + horizon / 4))) do drop(id) end

-- fit is the earliest instant that leaves no span of key with more than limit.
-- Where there is no room between others it comes after them all.
local function fit(key)
  local n = redis.call('ZCARD', key)
  local chunk, known = room[key] and 64 or 1, {}
  local function at(i) -- from 0
    if not known[i] then
      local part = redis.call('ZRANGE', key, i, i + chunk - 1, 'WITHSCORES')
      for k = 2, #part, 2 do known[i + k / 2 - 1] = tonumber(part[k]) end
    end
    return known[i]
  end

  local t = math.max(now, pause)
  local block, near = n - limit, n - 1
  if room[key] then
    block = redis.call('ZCOUNT', key, '-inf', whole(t - span))
    near = redis.call('ZCOUNT', key, '-inf', whole(t - apart))
  elseif n > 0 then
    t = math.max(t, at(n - 1))
  end
  block, near = math.max(block, 0), math.max(near, 0)
  repeat
    local moved = false
    -- limit in a row, all within one span, admit no other within a span of each.
    while block + limit <= n and at(block + limit - 1) - span < t do
      local first, last = at(block), at(block + limit - 1)
      if last - first < span and t < first + span then t = first + span end
      block = block + 1
    end
    while t > now and near < n and at(near) < t + apart do
      if at(near) > t - apart then
        t = at(near) + apart
        moved = true
      end
      near = near + 1
    end
  until not moved
  if n == 0 or t >= at(n - 1) then room[key] = false end
  return t
end

local answer = {now, pause}
for _ = 1, tonumber(ARGV[8]) do
  local id, wait = take(), tonumber(take())
  local had = tonumber(redis.call('ZSCORE', log, id) or '')
  drop(id)
  -- A new one goes where nobody has a place. Who asks again has waited, and minds
  -- those alone who are as far: so a place that was lost moves the others a little
  -- and sends nobody to the end. After a pause all line up anew.
  local t = fit(had and firm or log)
  if had and t > math.max(had, now) + horizon then t = fit(log) end
  local place = 0
  if wait < 0 or t - now <= wait then
    place = t - now <= horizon and 2 or 1
    add(id, t, place == 2 and firm or kept)
    if place == 2 and redis.call('ZCARD', kept) > 0 then room[firm] = true end
  end
  answer[#answer + 1] = t
  answer[#answer + 1] = place
end

redis.call('HSET', state, 'holes', room[log] and '1' or '0', 'gaps', room[firm] and '1' or '0')
local latest = redis.call('ZRANGE', log, -1, -1, 'WITHSCORES')
local over = math.max(now, pause, tonumber(latest[2] or 0)) + span
local ttl = whole(math.ceil((over - now) / 1000) + 1000)
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ttl) end
return answer
