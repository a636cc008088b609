import { scriptOf } from './script.ts';

/**
 * The rule of domain/ratelimit/window.ts in Lua, whose numbers are the same doubles, for several calls, one after the
 * other. Keys: a counter for each check, all in one slot. Arguments: milliseconds for which a window is kept after it
 * stops counting, then for each call its time, its number of checks, and limit, duration and cost of each check. Returns
 * for each call whether all passed (1 or 0), then for each check what remains (-1: it did not pass) and when its window
 * ends. A window is stored as three doubles: sequence, current, previous.
 */
export const consumeScript = scriptOf(`
local keptMs, reply = ARGV[1], {}

local function roll(key, duration, now)
  local sequence = math.floor(now / duration)
  local window = { sequence = sequence, current = 0, previous = 0, duration = duration, charged = 0 }
  local stored = redis.call('GET', key)
  if stored then
    local storedSequence, current, previous = struct.unpack('<ddd', stored)
    if storedSequence >= sequence then
      window.sequence, window.current, window.previous = storedSequence, current, previous
    elseif storedSequence == sequence - 1 then
      window.previous = current
    end
  end
  local elapsed = math.max(0, now - window.sequence * duration)
  window.weight = math.floor(window.previous * (1 - elapsed / duration))
  return window
end

-- keyAt, argAt and replyAt are the places before the first key, argument and reply of the call's checks.
local function consume(now, count, keyAt, argAt, replyAt)
  local windows, allPassed = {}, true
  for index = 1, count do
    local key, arg = KEYS[keyAt + index], argAt + 3 * index
    local limit, duration, cost = tonumber(ARGV[arg - 2]), tonumber(ARGV[arg - 1]), tonumber(ARGV[arg])
    local window = windows[key]
    if not window then
      window = roll(key, duration, now)
      windows[key] = window
    end
    local effective = window.current + window.charged + window.weight + cost
    if effective <= limit then
      window.charged = window.charged + cost
      reply[replyAt + 2 * index - 1] = limit - effective
    else
      allPassed = false
      reply[replyAt + 2 * index - 1] = -1
    end
    reply[replyAt + 2 * index] = (window.sequence + 1) * duration
  end

  if allPassed then
    for key, window in pairs(windows) do
      if window.charged > 0 then
        local value = struct.pack('<ddd', window.sequence, window.current + window.charged, window.previous)
        local lifetime = (window.sequence + 2) * window.duration - now + keptMs
        redis.call('SET', key, value, 'PX', string.format('%.0f', lifetime))
      end
    end
  else
    for index = 1, count do
      local place, window = replyAt + 2 * index - 1, windows[KEYS[keyAt + index]]
      if reply[place] >= 0 then
        reply[place] = tonumber(ARGV[argAt + 3 * index - 2]) - window.current - window.weight
      end
    end
  end
  return allPassed and 1 or 0
end

local keyAt, argAt, replyAt = 0, 1, 0
while argAt < #ARGV do
  local now, count = tonumber(ARGV[argAt + 1]), tonumber(ARGV[argAt + 2])
  reply[replyAt + 1] = 0
  reply[replyAt + 1] = consume(now, count, keyAt, argAt + 2, replyAt + 1)
  keyAt, argAt, replyAt = keyAt + count, argAt + 2 + 3 * count, replyAt + 1 + 2 * count
end
return reply
`);
